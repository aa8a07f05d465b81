//! Workers on two nodes, of which one is drained or dies in mid-run: its worker is lost, and the other one's load goes on.

use std::time::Instant;

use crate::lost::{On, requests};
use crate::support::installation::Installation;
use crate::support::second_node::SecondNode;

/// A run with a worker on each node; that of the second node comes second.
fn on_both<'a>(installation: &'a Installation, node: &SecondNode, word: &str) -> On<'a> {
    let mut on = On::on_nodes(installation, word, 30, &[node.toleration()]);
    on.workers.sort_by_key(|worker| node.has(worker));
    assert_eq!(on.workers.each_ref().map(|worker| node.has(worker)), [false, true], "they are spread");
    on
}

pub(crate) fn a_worker_on_a_node_that_is_drained_or_dies_is_lost_and_told(installation: &Installation) {
    let Some(node) = SecondNode::up() else { return };
    let drained = on_both(installation, &node, "node-drained");
    let began = Instant::now();
    node.is_drained(&installation.kubectl);
    drained.is_told(began);
    node.is_open_again(&installation.kubectl);

    let dead = on_both(installation, &node, "node-dead");
    let told = requests(&dead.room.status("long"));
    node.dies();
    drained.ends_without_one(1);
    // Nobody tells of the end of its pod before the cluster hears that there is no such node any more.
    dead.room.comes_to_rest("long");
    dead.ended_by_its_deadline_and_a_minute();
    drop(node);
    dead.ends_without_one(told);
}
