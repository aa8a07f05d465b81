//! Many workers at once: each is counted exactly, also where there are more than there is room for.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::iter;
use loadgate::ingest::client::{Address, RemoteCoordinator};
use loadgate::ingest::server::{Door, router};
use loadgate::ingest::{
    Coordinator, Directive, PROTOCOL, Registration, Report, Session, SharedSession, Stage, Unreachable, wire,
};
use loadgate::operator::serve::{Limits, Site, Transport, serve};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;
use url::Url;

use super::house::{Authority, Files, House, Ingest, NAME, RUN};
use super::{LIMIT, plan_of, recorded, registration, snapshot, told, unrecorded};

/// Less than two messages of a worker have room in it at once.
const NEXT_TO_NOTHING: usize = 1;

/// So many open their connections at once.
const AT_ONCE: usize = 50;

/// One worker of many.
struct Worker {
    coordinator: Arc<RemoteCoordinator>,
    index: u32,
    plan_hash: String,
}

impl Worker {
    /// What it has counted when it has told so many times.
    fn counted(&self, times: u64) -> u64 {
        times * u64::from(self.index + 1)
    }

    async fn registers(&self) {
        let (worker, plan_hash) = (self.index, self.plan_hash.clone());
        let process = format!("p{worker}");
        let registration =
            Registration { protocol: PROTOCOL, plan_hash, data_hash: String::new(), worker, process };
        while let Some(after) = busy(self.coordinator.register(registration.clone()).await) {
            sleep(after).await;
        }
    }

    /// Tells it until it is taken; what it is to do.
    async fn tells(&self, stage: Stage, snapshot: Option<Vec<u8>>, patience: Duration) -> Directive {
        let report = Report { snapshot, ..told(self.index, stage) };
        loop {
            match self.coordinator.report(report.clone(), patience).await {
                Err(Unreachable::Busy(after)) => sleep(after).await,
                answer => return answer.unwrap().directive,
            }
        }
    }

    /// To the end, with so many snapshots.
    async fn runs(&self, times: u64) {
        while self.tells(Stage::Arrived(0), None, LIMIT).await == Directive::Wait {}
        while self.tells(Stage::Ready(0), None, LIMIT).await == Directive::Wait {}
        for time in 1..=times {
            let snapshot = Some(snapshot(time, self.counted(time)));
            let stage = if time == times { Stage::Finished } else { Stage::Running(0) };
            self.tells(stage, snapshot, Duration::ZERO).await;
        }
    }
}

/// Asks until it is told to come again: what is in the way may still be on its way there. After how long it is to.
async fn until_busy<T: std::fmt::Debug, F: Future<Output = Result<T, Unreachable>>>(
    ask: impl Fn() -> F,
) -> Duration {
    let asking = async {
        loop {
            if let Some(after) = busy(ask().await) {
                return after;
            }
        }
    };
    tokio::time::timeout(LIMIT, asking).await.unwrap()
}

/// After how long it is to come again, if that is what it is told.
fn busy<T: std::fmt::Debug>(told: Result<T, Unreachable>) -> Option<Duration> {
    match told {
        Err(Unreachable::Busy(after)) => Some(after),
        told => {
            told.unwrap();
            None
        }
    }
}

/// The server that operators have, on a port of its own until it is told to stop.
async fn operators_server(house: &Arc<House>, authority: &Authority) -> (watch::Sender<bool>, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = router(Arc::clone(house) as Arc<dyn Door>);
    let site = Site { router, transport: Transport::Tls(authority.config()), limits: Limits::default() };
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve(listener, site, stopped));
    (stop, port)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_workers_at_once_are_counted_exactly() {
    let (plan, authority) = (plan_of(1000), Authority::new());
    let session = SharedSession::new(Session::new(&plan, 7).without_record());
    let house = House::of(&session);
    let (_stop, port) = operators_server(&house, &authority).await;
    let files = Files::new();
    let worker = |index| {
        let token = house.token(RUN, index, &format!("p{index}"));
        let coordinator = files.client(port, &token, Some(&authority));
        Worker { coordinator, index, plan_hash: plan.hash.clone() }
    };
    let workers: Vec<Worker> = (0..plan.workers).map(worker).collect();
    // Opening a connection may not take long: not all at once on a machine that is busy anyway.
    iter(&workers).for_each_concurrent(AT_ONCE, Worker::registers).await;
    join_all(workers.iter().map(|worker| worker.runs(4))).await;
    let counted: u64 = session.aggregate().phases.iter().map(|phase| phase.state.books.completed).sum();
    assert_eq!(counted, workers.iter().map(|worker| worker.counted(4)).sum::<u64>());
    let view = session.view();
    assert_eq!((view.admitted as usize, view.lost, view.finished), (workers.len(), 0, true));
}

/// A message that takes all the room there is, for as long as it is kept: its end never comes.
async fn in_the_way(ingest: &Ingest, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(ingest.address).await.unwrap();
    let path = wire::report_path(RUN, Duration::ZERO);
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    let body = format!("Content-Length: {}\r\n\r\n", wire::LARGEST_REPORT);
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn whoever_finds_no_room_is_told_to_come_again_and_loses_nothing() {
    let session = unrecorded();
    let house = House::of(&session);
    let ingest = Ingest::serve_within(&house, NEXT_TO_NOTHING).await;
    let files = Files::new();
    let tokens = [0, 1].map(|worker| house.token(RUN, worker, &format!("p{worker}")));
    let workers = tokens.clone().map(|token| files.client(ingest.address.port(), &token, None));
    for (index, worker) in (0..).zip(&workers) {
        worker.register(registration(index, &format!("p{index}"))).await.unwrap();
        worker.report(told(index, Stage::Ready(0)), Duration::ZERO).await.unwrap();
    }
    let last = Report { snapshot: Some(snapshot(1, 10)), ..told(0, Stage::Finished) };
    let in_the_way = in_the_way(&ingest, &tokens[1]).await;
    let again = until_busy(|| workers[0].report(last.clone(), Duration::ZERO)).await;
    assert_eq!(again, wire::COME_AGAIN);
    assert!(house.noted().contains(&429), "{:?}", house.noted());
    drop(in_the_way);
    let newest = Report { snapshot: Some(snapshot(2, 20)), ..last };
    while let Some(after) = busy(workers[0].report(newest.clone(), Duration::ZERO).await) {
        sleep(after).await;
    }
    assert_eq!(session.aggregate().phases[0].state.books.completed, 20);
}

#[tokio::test]
async fn a_run_whose_messages_do_not_end_leaves_room_for_others() {
    let house = House::of(&recorded());
    house.open("other", &recorded());
    let ingest = Ingest::serve(&house, None).await;
    let (files, slow) = (Files::new(), house.token(RUN, 1, "p1"));
    let mut in_its_way = Vec::new();
    for _ in 0..8 {
        in_its_way.push(in_the_way(&ingest, &slow).await);
    }
    let port = ingest.address.port();
    let of_same = files.client(port, &house.token(RUN, 0, "p0"), None);
    until_busy(|| of_same.register(registration(0, "p0"))).await;
    let token = house.token("other", 0, "p0");
    let of_other = RemoteCoordinator::new(Address {
        url: Url::parse(&format!("http://{NAME}:{port}")).unwrap(),
        run: "other".to_owned(),
        token: files.write("other", token),
        authority: None,
    });
    assert_eq!(busy(of_other.unwrap().register(registration(0, "p0")).await), None);
}
