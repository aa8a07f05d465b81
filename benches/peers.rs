//! Other load generators beside ours, one after the other: `cargo bench --bench peers -- [ROUNDS] [SECONDS]`.
//!
//! All load the same nginx over 64 connections, each pinned to one core and nginx to the other. Who goes first changes from round to
//! round. Ratios are of two figures of the same round. Clients that aren't here are named, with the way to get them:
//! `benches/peers/install` brings them all.

#[path = "peers/bare.rs"]
mod bare;
#[path = "peers/clients.rs"]
mod clients;
mod common;
#[path = "peers/k6.rs"]
mod k6;
#[path = "peers/table.rs"]
mod table;

use std::env;

use anyhow::{Result, ensure};

use clients::{CONNECTIONS, Client, Work};
use common::{argument, nginx::Nginx};
use table::Table;

/// One request, and what people test with.
const WORKS: [Work; 2] = [Work::One, Work::Scenario];

fn main() -> Result<()> {
    if let Some((url, seconds)) = bare::asked_for()? {
        return bare::load(&url, seconds);
    }
    let (rounds, seconds) = (argument(0, "rounds", 9_usize)?, argument(1, "seconds", 10_u64)?);
    ensure!(rounds > 0 && seconds > 0, "rounds and seconds: each must be above 0");
    let (here, missing): (Vec<Client>, Vec<Client>) = clients::ALL.into_iter().partition(Client::is_here);
    for client in missing {
        println!("{} is missing: {}", client.name, client.way_to_get());
    }
    let nginx = Nginx::start(CONNECTIONS * 4)?;
    for work in WORKS {
        let able: Vec<&Client> = here.iter().filter(|client| client.can(work)).collect();
        compare(&able, work, &nginx.base_url(), rounds, seconds)?;
    }
    Ok(())
}

/// Lets each do the same in turn, and prints what they took.
fn compare(clients: &[&Client], work: Work, url: &str, rounds: usize, seconds: u64) -> Result<()> {
    println!("\n{work}: {CONNECTIONS} connections, {rounds} rounds of {seconds} s each");
    let mut table = Table::new(clients.iter().map(|client| client.name).collect());
    for round in 0..rounds {
        for turn in 0..clients.len() {
            let place = (round + turn) % clients.len();
            let figures = clients[place].load(work, url, seconds)?;
            println!("round {}: {} {figures}", round + 1, clients[place].name);
            table.note(place, figures);
        }
    }
    println!("\n{table}");
    Ok(())
}

/// This program, to be one of the clients.
fn ourselves() -> Result<String> {
    Ok(env::current_exe()?.to_string_lossy().into_owned())
}
