//! Workers that are lost in mid-run: evicted, killed, cut off. None is replaced, and what they told last is what counts.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::figures::{note, now};
use crate::support::installation::{Installation, Room};
use crate::support::loadtests::{LIMIT, constant_rate, counts, is_judged, message, reason};
use crate::support::node::Node;
use crate::support::pods::{NGINX, Nginx};

/// Longer than the plan and the silence after which a worker is given up, by less than a minute.
const DEADLINE: u64 = 80;

/// So soon it is told that a worker is gone: long before it would be given up for its silence.
const SOON: Duration = Duration::from_secs(45);

/// Twice as long as the load may go on where an abort doesn't reach a worker.
const OUT_OF_REACH: f64 = 20.0;

/// A run in a namespace of its own whose load is on, and its workers: the second is the one that something befalls.
pub(crate) struct On<'a> {
    pub(crate) room: Room<'a>,
    nginx: Nginx,
    pub(crate) workers: [Value; 2],
    /// How many requests its plan comes to, half of them for each worker.
    planned: usize,
}

impl<'a> On<'a> {
    /// Twenty requests a second for so long.
    fn new(installation: &'a Installation, word: &str, seconds: usize) -> Self {
        On::on_nodes(installation, word, seconds, &[])
    }

    /// The same by workers that put up with taints of nodes.
    pub(crate) fn on_nodes(
        installation: &'a Installation,
        word: &str,
        seconds: usize,
        tolerations: &[Value],
    ) -> Self {
        let room = installation.room(word);
        let nginx = Nginx::configured(&room.kubectl, "$remote_addr", "");
        let mut test = constant_rate("long", NGINX, "20/s", &format!("{seconds}s"));
        test["spec"]["deadlines"] = json!({"run": format!("{DEADLINE}s")});
        test["spec"]["workers"]["tolerations"] = json!(tolerations);
        room.kubectl.apply(&test);
        room.is_on("long");
        let workers = room.workers("long").try_into().unwrap();
        On { room, nginx, workers, planned: seconds * 20 }
    }

    /// How many requests of a worker were served.
    fn served(&self, worker: &Value) -> usize {
        let address = worker["status"]["podIP"].as_str().unwrap();
        self.nginx.load().iter().filter(|line| line.agent == address).count()
    }

    /// The second worker, gone since then, is lost while the first one goes on.
    pub(crate) fn is_told(&self, gone: Instant) {
        let told = self.room.until("long", LIMIT, "told of the loss", |status| lost(status) > 0);
        // Looked at first: whoever is told of so late finds the other one through.
        assert!(gone.elapsed() < SOON, "told after {:.1?}", gone.elapsed());
        assert!(lost(&told) == 2 || told["phase"] == "Running", "the other one goes on: {told:#}");
    }

    /// The second one was lost and nobody took its place; it had told of as many requests as `told` before.
    pub(crate) fn ends_without_one(&self, told: u64) {
        let status = self.room.comes_to_rest("long");
        assert_eq!([&status["phase"], &status["verdict"]], ["Inconclusive", "Inconclusive"]);
        assert_eq!(reason(&status), "Inconclusive", "no deadline had to end it: {status:#}");
        let lost = lost(&status);
        // On a machine that is busy with other things the first one may have begun too late, and is lost as well.
        assert!((1..=2).contains(&lost), "{status:#}");
        assert!(message(&status).contains(&format!("{lost} of 2 workers were lost")), "{}", message(&status));
        self.room.is_as_it_must_be("long", Some(&self.nginx));
        let [one, other] = &self.workers;
        let served = [self.served(one), self.served(other)];
        let all = if lost == 1 { self.planned / 2 } else { served[0].min(self.planned / 2) };
        assert_eq!(served[0], all, "who is left does its share and no more");
        assert_eq!(served[0] + served[1], self.nginx.load().len(), "nobody else sent anything");
        // What it hadn't told when it went isn't counted.
        let counted = status["summary"]["requests"].as_u64().unwrap();
        let least = if lost == 1 { told.max(served[0] as u64) } else { told };
        assert!(counted >= least, "{counted} of {told} told, {served:?} served");
        assert!(counted <= (served[0] + served[1]) as u64, "{counted} of {served:?} served");
    }

    pub(crate) fn ended_by_its_deadline_and_a_minute(&self) {
        let status = self.room.status("long");
        let at = |field: &str| status["run"][field].as_str().unwrap().parse::<Timestamp>().unwrap();
        let lasted = at("finishedAt").duration_since(at("startedAt")).as_secs();
        assert!(lasted.unsigned_abs() < DEADLINE + 60, "{lasted} s: {status:#}");
    }

    /// An abort that was asked for then has reached the second one by the end of its pod.
    fn ended_though_one_was_out_of_reach(&self, asked: f64) {
        let status = self.room.comes_to_rest("long");
        assert_eq!([&status["phase"], &status["verdict"]], ["Aborted", "Inconclusive"]);
        assert!(lost(&status) > 0, "what it hadn't told isn't counted: {status:#}");
        self.room.is_as_it_must_be("long", Some(&self.nginx));
        let last = self.nginx.load().last().unwrap().at - asked;
        assert!(last < OUT_OF_REACH, "the load went on for {last:.1} s");
        note("abort → last request of a worker that can't be reached", format!("{last:.1} s"), "–", "≤ 10 s");
    }
}

pub(crate) fn a_worker_that_is_evicted_killed_or_cut_off_is_lost_and_told(installation: &Installation) {
    let Some(node) = Node::of_the_script() else { return };
    let cut_off = On::new(installation, "lost-cut-off", 35);
    let told = requests(&cut_off.room.status("long"));
    node.cut_off(&cut_off.workers[1], &ingest(installation));

    let back = On::new(installation, "lost-and-back", 10);
    node.cut_off(&back.workers[1], &ingest(installation));
    back.room.logs(name(&back.workers[1]), "through");
    node.join(&back.workers[1]);

    let aborted = On::new(installation, "lost-aborted", 90);
    node.cut_off(&aborted.workers[1], &ingest(installation));
    let asked = now();
    aborted.room.kubectl.patch("long", &json!({"spec": {"abort": true}}));

    let killed = On::new(installation, "lost-killed", 30);
    let gone = Instant::now();
    node.signal(&killed.workers[1], "KILL");
    killed.is_told(gone);
    let evicted = On::new(installation, "lost-evicted", 30);
    let gone = Instant::now();
    evicted.room.evict(name(&evicted.workers[1]));
    evicted.is_told(gone);

    let status = back.room.comes_to_rest("long");
    is_judged(&status, "Pass");
    counts(&status, back.planned);
    back.room.is_as_it_must_be("long", Some(&back.nginx));
    aborted.ended_though_one_was_out_of_reach(asked);
    killed.ends_without_one(1);
    evicted.ends_without_one(1);
    cut_off.ends_without_one(told);
    assert_eq!(cut_off.served(&cut_off.workers[1]), cut_off.planned / 2, "it does its share, unheard");
    cut_off.ended_by_its_deadline_and_a_minute();
}

fn name(pod: &Value) -> &str {
    pod["metadata"]["name"].as_str().unwrap()
}

fn lost(status: &Value) -> u64 {
    status["workers"]["lost"].as_u64().unwrap_or_default()
}

pub(crate) fn requests(status: &Value) -> u64 {
    status["summary"]["requests"].as_u64().unwrap_or_default()
}

/// Where workers report: the Service, and the operator's own address.
fn ingest(installation: &Installation) -> Vec<String> {
    let service = installation.kubectl.get(&["service", "loadgate"]);
    let mut addresses = vec![service["spec"]["clusterIP"].clone()];
    addresses.extend(installation.operators().iter().map(|pod| pod["status"]["podIP"].clone()));
    addresses.iter().map(|address| address.as_str().unwrap().to_owned()).collect()
}
