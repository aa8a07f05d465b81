//! A target that stands still one second in ten: `cargo bench --bench stall -- [SECONDS]`.
//!
//! At a thousand requests a second, by a schedule, a tenth of them find the target standing still, and wait for as long as it still does:
//! evenly from nothing to a second. So the percentiles are known beforehand. A generator that waits with the target, or counts from
//! when it sent instead of from when it was to send, tells less; what hey tells, where it is installed, stands beside.

mod common;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use common::argument;
use common::child::run_measured;
use common::our_run::Test;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

const RATE: u64 = 1_000;
const USERS: u64 = 1_200;
/// One request takes so long where nothing stands still.
const SERVICE: Duration = Duration::from_millis(20);
const STILL: Duration = Duration::from_secs(1);
const EACH: Duration = Duration::from_secs(10);
const ASKED: [(&str, &str, &str); 4] = [
    ("p50", "latency.p50", "< 1h"),
    ("p95", "latency.p95", "< 1h"),
    ("p99", "latency.p99", "< 1h"),
    ("lag", "lag.p99", "< 1h"),
];

fn main() -> Result<()> {
    let seconds = argument(0, "seconds", 40_u64)?;
    ensure!(
        seconds > 0 && seconds.is_multiple_of(EACH.as_secs()),
        "seconds: a multiple of {}",
        EACH.as_secs()
    );
    let address = serve()?;
    let url = format!("http://{address}");
    println!(
        "{RATE}/s for {seconds} s; the target takes {SERVICE:?}, and stands still {STILL:?} in {EACH:?}"
    );
    println!("{:<9} | {:>9} | {:>9} | {:>9}", "", "p50", "p95", "p99");
    let known = |part: f64| {
        let still = STILL.as_secs_f64() / EACH.as_secs_f64();
        SERVICE.as_secs_f64() + STILL.as_secs_f64() * (1.0 - (1.0 - part) / still).max(0.0)
    };
    let shown = |part: f64| format!("{:.0} ms", known(part) * 1e3);
    println!("{:<9} | {:>9} | {:>9} | {:>9}", "known", shown(0.5), shown(0.95), shown(0.99));
    println!("{:<9} | {}", "loadgate", ours(&url, seconds)?);
    match hey(&url, seconds) {
        Ok(told) => println!("{:<9} | {told}", "hey"),
        Err(error) => println!("hey: {error:#}; it is Debian's package of that name"),
    }
    Ok(())
}

fn ours(base_url: &str, seconds: u64) -> Result<String> {
    let load = format!("constantRate: {{rate: {RATE}/s, duration: {seconds}s, maxUsers: {USERS}}}");
    let most = Duration::from_secs(seconds);
    let run = Test { asked: &ASKED, ..Test::of(base_url, load, most) }.run()?;
    ensure!(run.requests == RATE * seconds, "it sent {} of {} requests", run.requests, RATE * seconds);
    let row = |id: &str| run.rows.get(id).cloned().unwrap_or_default();
    Ok(format!("{:>9} | {:>9} | {:>9} | p99 of its lag {}", row("p50"), row("p95"), row("p99"), row("lag")))
}

/// hey holds its rate by workers that each wait for their last answer.
fn hey(url: &str, seconds: u64) -> Result<String> {
    let mut command = Command::new("hey");
    let (workers, each) = (50, RATE / 50);
    command.args(["-z", &format!("{seconds}s"), "-c", &workers.to_string(), "-q", &each.to_string(), url]);
    let ended = run_measured(&mut command, Duration::from_secs(seconds) + Duration::from_mins(1))?;
    let percentile = |percent: &str| -> Result<String> {
        let line = ended.stdout.lines().find(|line| line.trim_start().starts_with(percent));
        let seconds =
            line.and_then(|line| line.split_whitespace().nth(2)).context("it told no percentiles")?;
        Ok(format!("{:.0} ms", seconds.parse::<f64>()? * 1e3))
    };
    Ok(format!("{:>9} | {:>9} | {:>9}", percentile("50%")?, percentile("95%")?, percentile("99%")?))
}

/// Answers until the program ends, by one thread that never sleeps: a thousand that were woken at once, or a timer of a millisecond,
/// would be measured with what they answer.
fn serve() -> Result<SocketAddr> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().event_interval(1).build()?;
    thread::spawn(move || {
        let accepting = async {
            let (answers, began) = (Answers::default(), Instant::now());
            tokio::task::spawn_local(answer(Rc::clone(&answers)));
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (connection, _) = listener.accept().await?;
                connection.set_nodelay(true)?;
                tokio::task::spawn_local(take(Rc::new(connection), Rc::clone(&answers), began));
            }
        };
        let Err::<Infallible, io::Error>(error) = LocalSet::new().block_on(&runtime, accepting);
        eprintln!("the target has ended: {error}");
    });
    Ok(address)
}

/// What is to be answered, the next to be sent first: as each waits for the same time, or for the same end, that is the one that came first.
type Answers = Rc<RefCell<VecDeque<(Instant, Rc<TcpStream>)>>>;

/// Notes when each request of a connection is to be answered.
async fn take(connection: Rc<TcpStream>, answers: Answers, began: Instant) {
    let mut request = [0; 4096];
    let mut read = 0;
    while connection.readable().await.is_ok() {
        match connection.try_read(&mut request[read..]) {
            Ok(0) => return,
            Ok(more) => read += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
        if request[..read].ends_with(b"\r\n\r\n") {
            read = 0;
            let now = Instant::now();
            let due = now + stands_still(now.duration_since(began)) + SERVICE;
            answers.borrow_mut().push_back((due, Rc::clone(&connection)));
        }
    }
}

/// Sends each answer when it is due.
async fn answer(answers: Answers) {
    loop {
        let now = Instant::now();
        let mut answers = answers.borrow_mut();
        while let Some((_, connection)) = answers.pop_front_if(|(due, _)| *due <= now) {
            // Whoever has gone needs no answer; a socket that took the request takes so short an answer.
            drop(connection.try_write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
        }
        drop(answers);
        tokio::task::yield_now().await;
    }
}

/// For how long it still stands still.
fn stands_still(now: Duration) -> Duration {
    let into = Duration::from_secs_f64(now.as_secs_f64() % EACH.as_secs_f64());
    STILL.saturating_sub(into)
}
