//! Runs scenarios against a target that notes each request, and answers it as the test wants.

use std::sync::{Arc, Mutex};

use crate::support::program::{Ended, LIMIT, Run};
use crate::support::server::{Request, Server};

/// A run that is over, and what the target was asked in it.
pub(crate) struct Played {
    pub(crate) ended: Ended,
    pub(crate) requests: Vec<Request>,
}

/// A test to be played.
pub(crate) struct Play<'a> {
    /// What stands in the spec besides the target.
    pub(crate) spec: &'a str,
    /// Options of the program.
    pub(crate) arguments: &'a [&'a str],
    /// Files beside the test.
    pub(crate) files: &'a [(&'a str, &'a [u8])],
}

/// A load of one user who does each thing once.
pub(crate) const ONCE: &str = "phases: [{name: only, load: {iterations: {users: 1, perUser: 1}}}]";

/// Plays `spec` with no options.
pub(crate) fn play(spec: &str, answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Played {
    Play { spec, arguments: &[], files: &[] }.with(answer)
}

impl Play<'_> {
    /// Plays it against a target that answers so.
    pub(crate) fn with(&self, answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Played {
        self.with_target("", answer)
    }

    /// The same; of the target the spec says this besides its URL.
    pub(crate) fn with_target(
        &self,
        target: &str,
        answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static,
    ) -> Played {
        let log = Arc::<Mutex<Vec<Request>>>::default();
        let noted = Arc::clone(&log);
        let server = Server::answering(move |request| {
            noted.lock().unwrap().push(request.clone());
            answer(request)
        });
        let spec = format!("  {}\n", self.spec.trim_end().replace('\n', "\n  "));
        let test = format!(
            "apiVersion: loadgate.dev/v1alpha1\nkind: LoadTest\nmetadata: {{name: played}}\nspec:\n  target: {{baseUrl: \"{}\"{target}}}\n{spec}",
            server.url()
        );
        let run = self
            .files
            .iter()
            .fold(Run::new(&test, self.arguments), |run, (name, content)| run.file(name, content));
        let ended = run.start().wait(LIMIT);
        let requests = std::mem::take(&mut *log.lock().unwrap());
        Played { ended, requests }
    }
}

impl Played {
    /// Method and path of each request, in the order in which they came.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.requests.iter().map(Request::line).collect()
    }

    /// The same, sorted: where several users are at it.
    pub(crate) fn sorted_lines(&self) -> Vec<&str> {
        let mut lines = self.lines();
        lines.sort_unstable();
        lines
    }

    /// A figure of a step: `skipped`, `failed`.
    #[track_caller]
    pub(crate) fn step(&self, name: &str, figure: &str) -> u64 {
        let report = self.ended.report();
        let steps = report.at("/steps").as_array().cloned().unwrap();
        let step = steps.iter().find(|step| step["step"] == name);
        let step = step.unwrap_or_else(|| panic!("no step {name}: {}", self.ended.err));
        step[figure].as_u64().unwrap_or(0)
    }
}
