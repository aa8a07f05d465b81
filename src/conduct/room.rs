//! Whether this process may hold as many connections as its users need: found out before any load is sent.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroU32;

use rustix::process::{Resource, getrlimit};

use crate::plan::words::count;
use crate::plan::{Plan, Share};

/// What each thread of the load generator opens for itself: what it waits with, what wakes it, and a timer.
const FILES_OF_A_THREAD: u64 = 4;
/// What else is opened: the report, a way to the coordinator, the log, names that are looked up.
const SPARE_FILES: u64 = 32;
/// Which ports connections go out from, and so how many there are for one address of a target.
const PORT_RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// What there isn't enough of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NoRoom(Vec<Lack>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Lack {
    Files { users: u64, need: u64, limit: u64 },
    Ports { users: u64, ports: u64, range: String },
}

/// What the system grants.
struct Grants {
    /// The most files that may be open, and how many are; none: there is no limit.
    files: Option<(u64, u64)>,
    /// From the first port to the last; none: nobody knows.
    ports: Option<(u64, u64)>,
}

/// Holds what the system grants this process against what the users of `share` need, who connect to `addresses`.
/// Each has a connection, and all of a phase may have it at once.
///
/// # Errors
/// When it isn't enough.
pub fn room(plan: &Plan, share: Share, threads: NonZeroU32, addresses: &[SocketAddr]) -> Result<(), NoRoom> {
    enough(plan, share, threads, addresses.len(), &granted())
}

fn enough(
    plan: &Plan,
    share: Share,
    threads: NonZeroU32,
    addresses: usize,
    grants: &Grants,
) -> Result<(), NoRoom> {
    let users = plan.phases_to_run().map(|(_, phase)| phase.executor.users().into()).max().unwrap_or(0);
    let lacks: Vec<Lack> = [
        grants.files.and_then(|(limit, open)| {
            let users = share.count(users);
            let need = users + open + SPARE_FILES + FILES_OF_A_THREAD * u64::from(threads.get());
            (need > limit).then_some(Lack::Files { users, need, limit })
        }),
        grants.ports.and_then(|(first, last)| {
            let (users, ports) = (most_at_one(share, users, addresses), (last + 1).saturating_sub(first));
            let range = format!("{first}–{last}");
            (users > ports).then_some(Lack::Ports { users, ports, range })
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if lacks.is_empty() { Ok(()) } else { Err(NoRoom(lacks)) }
}

/// How many of its users a share has at the address where it has most of them: they are dealt by their numbers.
fn most_at_one(share: Share, users: u64, addresses: usize) -> u64 {
    let mut at = vec![0_u64; addresses.max(1)];
    for local in 0..share.count(users) {
        let place = share.global(local) % at.len() as u64;
        at[usize::try_from(place).unwrap_or(0)] += 1;
    }
    at.into_iter().max().unwrap_or(0)
}

fn granted() -> Grants {
    let open = fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64);
    let ports = fs::read_to_string(PORT_RANGE).ok().and_then(|range| {
        let mut ends = range.split_whitespace().map(|end| end.parse().ok());
        Some((ends.next()??, ends.next()??))
    });
    Grants { files: getrlimit(Resource::Nofile).current.map(|limit| (limit, open)), ports }
}

impl fmt::Display for NoRoom {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, lack) in self.0.iter().enumerate() {
            out.write_str(if place > 0 { "; " } else { "" })?;
            match lack {
                Lack::Files { users, need, limit } => write!(
                    out,
                    "{} users at once need {} open files, and this process may have {}: raise its limit of open \
                     files (ulimit -n {need}), raise workers.count or lower the users",
                    count(*users),
                    count(*need),
                    count(*limit)
                ),
                Lack::Ports { users, ports, range } => write!(
                    out,
                    "{} users at once connect to one address of the target, and this machine has {} ports for them \
                     (net.ipv4.ip_local_port_range {range}): widen that range, raise workers.count or lower the users",
                    count(*users),
                    count(*ports)
                ),
            }?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Document, Options};

    /// Phases of 500, 1000 and 30 users.
    fn plan() -> Plan {
        let text = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: rooms}
spec:
  target: {baseUrl: "http://127.0.0.1:1"}
  scenarios: [{name: visit, steps: [{name: get, request: {path: /}}]}]
  phases:
  - {name: some, load: {constantUsers: {users: 500, duration: 1s}}}
  - {name: many, load: {constantRate: {rate: 10/s, duration: 1s, maxUsers: 1000}}}
  - {name: few, load: {burst: {iterations: 30}}}
"#;
        Document::parse(text).and_then(|document| document.check(&Options::default())).unwrap().plan
    }

    const ENOUGH: Grants = Grants { files: Some((100_000, 10)), ports: Some((30_000, 60_000)) };

    /// What is missing for share 0 of so many, at so many addresses.
    #[track_caller]
    fn check(of: u32, addresses: usize, grants: &Grants, want: &str) {
        let share = Share::new(0, of).unwrap();
        let told = enough(&plan(), share, NonZeroU32::new(2).unwrap(), addresses, grants);
        assert_eq!(told.err().map(|lack| lack.to_string()).unwrap_or_default(), want);
    }

    #[test]
    fn a_file_for_each_user_of_the_largest_phase_and_those_of_the_program() {
        let files = |limit| Grants { files: Some((limit, 10)), ..ENOUGH };
        check(1, 1, &files(1_050), "");
        check(
            1,
            1,
            &files(1_049),
            "1,000 users at once need 1,050 open files, and this process may have 1,049: raise its limit of open files \
             (ulimit -n 1050), raise workers.count or lower the users",
        );
        check(3, 1, &files(384), "");
        let told = enough(&plan(), Share::new(0, 3).unwrap(), NonZeroU32::new(2).unwrap(), 1, &files(383));
        assert!(told.unwrap_err().to_string().starts_with("334 users at once need 384 open files"));
        check(1, 1, &Grants { files: None, ports: None }, "");
    }

    #[test]
    fn a_port_for_each_user_of_one_address() {
        let ports = |last| Grants { ports: Some((40_000, last)), ..ENOUGH };
        check(1, 1, &ports(40_999), "");
        check(
            1,
            1,
            &ports(40_998),
            "1,000 users at once connect to one address of the target, and this machine has 999 ports for them \
             (net.ipv4.ip_local_port_range 40000–40998): widen that range, raise workers.count or lower the users",
        );
        check(1, 2, &ports(40_499), "");
        // Every second user goes to the second address, and the first of two workers has none of those.
        check(2, 2, &ports(40_499), "");
        assert_eq!(most_at_one(Share::new(0, 2).unwrap(), 1_000, 2), 500);
        assert_eq!(most_at_one(Share::new(0, 2).unwrap(), 1_000, 3), 167);
    }

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let grants = Grants { files: Some((100, 10)), ports: Some((1, 100)) };
        let told = enough(&plan(), Share::WHOLE, NonZeroU32::MIN, 1, &grants).unwrap_err().to_string();
        assert!(
            told.contains("open files (ulimit -n 1046)") && told.contains("100 ports for them"),
            "{told}"
        );
    }
}
