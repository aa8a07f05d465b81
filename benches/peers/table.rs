//! What clients took, and the ratios to ours of the same round.

use std::fmt;
use std::time::Duration;

/// What a client did in one run.
#[derive(Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) requests_per_second: f64,
    /// User and system time of a request, in microseconds.
    pub(crate) cpu: f64,
    /// Of it, the user time.
    pub(crate) user: f64,
    pub(crate) peak_mib: f64,
}

impl Figures {
    pub(crate) fn of(requests: u64, seconds: f64, cpu: Duration, user: Duration, peak_rss_kib: u64) -> Self {
        let requests = requests as f64;
        Self {
            requests_per_second: requests / seconds,
            cpu: cpu.as_secs_f64() * 1e6 / requests,
            user: user.as_secs_f64() * 1e6 / requests,
            peak_mib: peak_rss_kib as f64 / 1024.0,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests_per_second, cpu, user, peak_mib } = self;
        write!(
            f,
            "{requests_per_second:.0}/s, {cpu:.2} µs a request, of it {user:.2} its own, {peak_mib:.0} MiB"
        )
    }
}

/// Of each client, in the order of their names, what each round gave. The first is ours.
pub(crate) struct Table {
    names: Vec<&'static str>,
    rounds: Vec<Vec<Figures>>,
}

impl Table {
    pub(crate) fn new(names: Vec<&'static str>) -> Self {
        let rounds = names.iter().map(|_| Vec::new()).collect();
        Self { names, rounds }
    }

    pub(crate) fn note(&mut self, client: usize, figures: Figures) {
        self.rounds[client].push(figures);
    }

    /// Least, median and greatest of ours divided by theirs.
    fn ratios(&self, client: usize, figure: impl Fn(&Figures) -> f64) -> String {
        let pairs = self.rounds[0].iter().zip(&self.rounds[client]);
        let mut ratios: Vec<f64> = pairs.map(|(ours, theirs)| figure(ours) / figure(theirs)).collect();
        ratios.sort_by(f64::total_cmp);
        let (Some(least), Some(greatest)) = (ratios.first(), ratios.last()) else { return "–".to_owned() };
        format!("{:.3} ({least:.3}–{greatest:.3})", median(&ratios))
    }

    fn median(&self, client: usize, figure: impl Fn(&Figures) -> f64) -> f64 {
        let mut all: Vec<f64> = self.rounds[client].iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        median(&all)
    }
}

fn median(sorted: &[f64]) -> f64 {
    f64::midpoint(sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2])
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| client | requests/s | CPU µs | of it user | peak MiB | CPU, ours ÷ theirs | user, ours ÷ theirs | requests/s, ours ÷ theirs |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for (client, name) in self.names.iter().enumerate() {
            let (rate, cpu) =
                (self.median(client, |it| it.requests_per_second), self.median(client, |it| it.cpu));
            let (user, peak) = (self.median(client, |it| it.user), self.median(client, |it| it.peak_mib));
            write!(f, "| {name} | {rate:.0} | {cpu:.2} | {user:.2} | {peak:.0} ")?;
            let ratios = [
                self.ratios(client, |it| it.cpu),
                self.ratios(client, |it| it.user),
                self.ratios(client, |it| it.requests_per_second),
            ];
            writeln!(f, "| {} |", ratios.join(" | "))?;
        }
        Ok(())
    }
}
