//! Finds the group of processes (cgroup) that limits the CPU of this one, and reads its figures; both versions of them.
//!
//! ```text
//! /proc/self/cgroup     4:cpu,cpuacct:/kubepods/pod7/c1        where it is in each hierarchy
//! /proc/self/mountinfo  … /kubepods/pod7/c1 /sys/fs/cgroup/cpu …   which part of that is mounted, and where
//! ```
//! From there it goes up, to the first one with a quota, as far as can be seen.

use std::fs;
use std::path::{Path, PathBuf};

use crate::metrics::CpuLimit;

/// A group with a quota.
#[derive(Debug, PartialEq)]
pub(super) enum Group {
    /// Of the first version: what is used is counted in another hierarchy, in which it may be in another group.
    One {
        cpu: PathBuf,
        account: Option<PathBuf>,
    },
    Two {
        folder: PathBuf,
    },
}

/// What a group says of itself.
#[derive(Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) limit: CpuLimit,
    /// Periods of its quota since it was made, and those in which it was used up.
    pub(super) periods: u64,
    pub(super) throttled: u64,
    /// The CPU used by all in it, in microseconds; none: that isn't counted there.
    pub(super) used_micros: Option<u64>,
}

/// A hierarchy as this process sees it.
struct Hierarchy {
    /// Where this process is in it, as written.
    path: String,
    /// Where it is mounted.
    point: PathBuf,
    /// The folder of this process's group there.
    folder: PathBuf,
}

impl Group {
    /// The group with the quota that this process has to keep, in the files below `root`.
    pub(super) fn of_this_process(root: &Path) -> Option<Self> {
        let read = |name: &str| fs::read_to_string(root.join("proc/self").join(name)).ok();
        let (cgroup, mounts) = (read("cgroup")?, read("mountinfo")?);
        let hierarchy = |controller| Hierarchy::of(root, &cgroup, &mounts, controller);
        let one = hierarchy("cpu").and_then(|cpu| {
            let account = hierarchy("cpuacct").filter(|account| account.path == cpu.path);
            cpu.limited(|folder| {
                let beside = folder.strip_prefix(&cpu.point).ok();
                let account =
                    account.as_ref().zip(beside).map(|(account, beside)| account.point.join(beside));
                Group::One { cpu: folder.to_owned(), account }
            })
        });
        let two = || hierarchy("")?.limited(|folder| Group::Two { folder: folder.to_owned() });
        one.or_else(two)
    }

    /// Its figures; none: it has no quota, or has gone.
    pub(super) fn figures(&self) -> Option<Figures> {
        match self {
            Group::One { cpu, account } => {
                let number = |name: &str| -> Option<u64> { text(cpu, name)?.trim().parse().ok() };
                let stat = text(cpu, "cpu.stat")?;
                let used = account.as_deref().and_then(|folder| text(folder, "cpuacct.usage"));
                Some(Figures {
                    // Without a quota it is -1.
                    limit: quota(number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?)?,
                    periods: field(&stat, "nr_periods")?,
                    throttled: field(&stat, "nr_throttled")?,
                    used_micros: used
                        .and_then(|nanos| nanos.trim().parse().ok())
                        .map(|nanos: u64| nanos / 1_000),
                })
            }
            Group::Two { folder } => {
                let max = text(folder, "cpu.max")?;
                // Without a quota the first word is `max`.
                let (amount, period) = max.trim().split_once(' ')?;
                let stat = text(folder, "cpu.stat")?;
                Some(Figures {
                    limit: quota(amount.parse().ok()?, period.parse().ok()?)?,
                    periods: field(&stat, "nr_periods")?,
                    throttled: field(&stat, "nr_throttled")?,
                    used_micros: field(&stat, "usage_usec"),
                })
            }
        }
    }
}

impl Hierarchy {
    /// That of `controller`; the second version's has no name.
    fn of(root: &Path, cgroup: &str, mounts: &str, controller: &str) -> Option<Self> {
        let path = cgroup.lines().find_map(|line| {
            let [_, controllers, path] = line.splitn(3, ':').collect::<Vec<_>>().try_into().ok()?;
            controllers.split(',').any(|known| known == controller).then(|| path.to_owned())
        })?;
        let (part, point) = mounts.lines().find_map(|line| mounted(line, controller))?;
        let point = root.join(point.trim_start_matches('/'));
        // Where another part is mounted than the one that it is in, what can be seen there is all there is.
        let below = Path::new(&path).strip_prefix(part).unwrap_or(Path::new(""));
        Some(Hierarchy { folder: point.join(below), path, point })
    }

    /// The first group with a quota, from that of this process up.
    fn limited(&self, make: impl Fn(&Path) -> Group) -> Option<Group> {
        let up = self.folder.ancestors().take_while(|folder| folder.starts_with(&self.point));
        up.map(make).find(|group| group.figures().is_some())
    }
}

/// Which part of the hierarchy of `controller` is mounted, and where, if a line of mountinfo is about it.
fn mounted<'a>(line: &'a str, controller: &str) -> Option<(&'a str, &'a str)> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let mut kind = kind.split(' ');
    let (version, options) = (kind.next()?, kind.nth(1)?);
    let is_meant = match controller {
        "" => version == "cgroup2",
        named => version == "cgroup" && options.split(',').any(|option| option == named),
    };
    is_meant.then_some((place.next()?, place.next()?))
}

fn text(folder: &Path, name: &str) -> Option<String> {
    fs::read_to_string(folder.join(name)).ok()
}

/// The number after `name` in lines of a name and a number.
fn field(stat: &str, name: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// So many microseconds of CPU in each period.
fn quota(amount: u64, period: u64) -> Option<CpuLimit> {
    let thousandths = amount.checked_mul(1_000)?.checked_div(period)?;
    Some(CpuLimit { thousandths, is_quota: true })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const ONE: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                       32 31 0:29 PART /sys/fs/cgroup/cpu rw,relatime shared:7 - cgroup cgroup rw,cpu\n\
                       33 31 0:30 PART /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n";
    const TWO: &str = "30 23 0:26 PART /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    const BOTH: &str = "30 23 0:26 PART /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    /// Files as a process sees them that is in `cgroup`, with what is mounted there.
    fn machine(cgroup: &str, mounts: &[&str], part: &str, files: &[(&str, &str)]) -> TempDir {
        let root = tempfile::tempdir().unwrap();
        let mounts = mounts.concat().replace("PART", part);
        let proc = [("proc/self/cgroup", cgroup), ("proc/self/mountinfo", &*mounts)];
        for (name, content) in proc.iter().chain(files) {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    #[track_caller]
    fn check(machine: &TempDir, folder: &str, want: Option<&Figures>) {
        let group = Group::of_this_process(machine.path());
        let found = group.as_ref().map(|group| match group {
            Group::One { cpu, .. } => cpu.strip_prefix(machine.path()).unwrap(),
            Group::Two { folder } => folder.strip_prefix(machine.path()).unwrap(),
        });
        assert_eq!(found, want.map(|_| Path::new(folder)));
        assert_eq!(group.and_then(|group| group.figures()).as_ref(), want);
    }

    fn figures(thousandths: u64, used_micros: Option<u64>) -> Figures {
        let limit = CpuLimit { thousandths, is_quota: true };
        Figures { limit, periods: 20, throttled: 3, used_micros }
    }

    const NONE: &str = "max 100000\n";
    const STAT: &str = "nr_periods 20\nnr_throttled 3\nthrottled_time 900\n";
    const STAT_TWO: &str = "usage_usec 700\nuser_usec 600\nnr_periods 20\nnr_throttled 3\nthrottled_usec 9\n";

    #[test]
    fn the_quota_of_a_container_is_found_in_both_versions() {
        let files = [
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu/cpu.stat", STAT),
            ("sys/fs/cgroup/cpuacct/cpuacct.usage", "700999\n"),
        ];
        let own = "3:cpuacct:/kube/pod/c\n2:cpu:/kube/pod/c\n0::/\n";
        let seen = machine(own, &[ONE], "/kube/pod/c", &files);
        check(&seen, "sys/fs/cgroup/cpu", Some(&figures(500, Some(700))));
        // In a namespace of its own it is at the top.
        check(
            &machine("2:cpuacct,cpu:/\n", &[ONE], "/", &files),
            "sys/fs/cgroup/cpu",
            Some(&figures(500, Some(700))),
        );
        let files = [("sys/fs/cgroup/cpu.max", "10000 100000\n"), ("sys/fs/cgroup/cpu.stat", STAT_TWO)];
        check(&machine("0::/\n", &[TWO], "/", &files), "sys/fs/cgroup", Some(&figures(100, Some(700))));
    }

    #[test]
    fn a_quota_further_up_counts_and_that_below_it_more() {
        let at = |folder: &'static str, max: &'static str| {
            [
                (format!("sys/fs/cgroup{folder}/cpu.max"), max),
                (format!("sys/fs/cgroup{folder}/cpu.stat"), STAT_TWO),
            ]
        };
        let nested = |max: [&'static str; 3], folder: &str, want: Option<Figures>| {
            let files =
                [at("", "max 100000"), at("/a", max[0]), at("/a/b", max[1]), at("/a/b/c", max[2])].concat();
            let files: Vec<_> = files.iter().map(|(name, content)| (name.as_str(), *content)).collect();
            check(&machine("0::/a/b/c\n", &[TWO], "/", &files), folder, want.as_ref());
        };
        nested([NONE; 3], "", None);
        nested(["250000 100000\n", NONE, NONE], "sys/fs/cgroup/a", Some(figures(2_500, Some(700))));
        let lower = ["250000 100000\n", "1000 2000\n", NONE];
        nested(lower, "sys/fs/cgroup/a/b", Some(figures(500, Some(700))));
    }

    #[test]
    fn what_is_used_is_of_the_group_with_the_quota_or_not_told() {
        let files = [
            ("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "300000\n"),
            ("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu/a/cpu.stat", STAT),
            ("sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu/a/b/cpu.stat", STAT),
            ("sys/fs/cgroup/cpuacct/a/cpuacct.usage", "5000000\n"),
            ("sys/fs/cgroup/cpuacct/a/b/cpuacct.usage", "4000000\n"),
        ];
        let seen = |cgroup| machine(cgroup, &[BOTH, ONE], "/", &files);
        let want = |used| figures(3_000, used);
        check(&seen("3:cpuacct:/a/b\n2:cpu:/a/b\n0::/\n"), "sys/fs/cgroup/cpu/a", Some(&want(Some(5_000))));
        check(&seen("3:cpuacct:/\n2:cpu:/a/b\n0::/\n"), "sys/fs/cgroup/cpu/a", Some(&want(None)));
    }

    #[test]
    fn a_machine_without_groups_or_with_odd_ones_has_no_quota() {
        check(&machine("", &[], "/", &[]), "", None);
        check(&machine("0::/\n", &[TWO], "/", &[]), "", None);
        check(&machine("nonsense\n2:cpu", &["more of it\n", " - "], "/", &[]), "", None);
        let odd = [("sys/fs/cgroup/cpu.max", "10000 0\n"), ("sys/fs/cgroup/cpu.stat", STAT_TWO)];
        check(&machine("0::/\n", &[TWO], "/", &odd), "", None);
        check(&tempfile::tempdir().unwrap(), "", None);
    }
}
