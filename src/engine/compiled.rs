//! What a phase is once it is ready to be sent: nothing is looked up, parsed or decided any more.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::pieces::Pieces;
use super::render::CompiledRequest;
use super::stretch::Stretch;
use crate::plan::limit::Limit;
use crate::plan::units::Pause;
use crate::plan::{Condition, Data, RowOrder, StatusPattern};

/// A phase made ready to be sent.
#[derive(Debug)]
pub struct CompiledPhase {
    pub(super) scenarios: Vec<CompiledScenario>,
    pub(super) weights: Vec<u32>,
    pub(super) classify: CompiledClassify,
    /// All rows that steps name.
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) struct CompiledScenario {
    pub(super) pace_micros: Option<u64>,
    pub(super) slots: usize,
    /// The feeders whose rows its steps name.
    pub(super) feeders: Vec<CompiledFeeder>,
    /// Iterations from this number on find no row left.
    pub(super) rows_left_below: u64,
    /// So many slots, the first ones, live as long as the user.
    pub(super) held: usize,
    pub(super) setup: Vec<CompiledStep>,
    pub(super) steps: Vec<CompiledStep>,
    /// How often these are taken; all of them, in order.
    pub(super) stretches: Vec<Stretch>,
    pub(super) teardown: Vec<CompiledStep>,
}

#[derive(Debug)]
pub(super) struct CompiledStep {
    /// Its place in the plan.
    pub(super) index: usize,
    pub(super) probability_ppm: u32,
    pub(super) when: Option<Guard>,
    pub(super) think: Option<Pause>,
    pub(super) request: CompiledRequest,
    pub(super) checks: Vec<CompiledCheck>,
    pub(super) extract: Vec<CompiledExtract>,
    pub(super) wants: Wants,
}

impl CompiledScenario {
    /// Whether a user does something of it once.
    pub(super) fn has_once(&self) -> bool {
        !self.setup.is_empty() || !self.teardown.is_empty()
    }

    /// Whether some of its steps are taken in rounds, or only together.
    pub(super) fn has_blocks(&self) -> bool {
        self.stretches.iter().any(|stretch| stretch.entry.is_some())
    }
}

/// Where an iteration has its row from.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompiledFeeder {
    /// Its place in the plan.
    pub(super) index: usize,
    pub(super) order: RowOrder,
    pub(super) rows: usize,
}

/// Without what a step or a block is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// A value that is empty throughout the phase.
    Never,
    /// What an earlier step took: a slot.
    Extracted(usize),
    /// A field of the iteration's row: the feeder, and the field's place.
    Cell(usize, usize),
}

/// A value that is taken from a response.
#[derive(Debug)]
pub(super) struct CompiledExtract {
    /// The slot that it goes to.
    pub(super) slot: usize,
    pub(super) from: CompiledOrigin,
}

#[derive(Debug)]
pub(super) enum CompiledOrigin {
    Value(CompiledSource),
    InHeader(usize, regex::bytes::Regex),
    InBody(regex::bytes::Regex),
}

/// What must be kept of a response.
#[derive(Debug, Default, Clone)]
pub(super) struct Wants {
    /// Names of headers, in lower case. Their values are kept by place in this list.
    pub(super) headers: Vec<String>,
    /// Whether the body is needed.
    pub(super) body: bool,
    /// Whether the body is read as JSON.
    pub(super) json: bool,
    /// Whether a response has a body at all (HEAD: no).
    pub(super) head_only: bool,
    pub(super) cookies: Cookies,
}

/// What becomes of cookies.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cookies {
    /// Nobody keeps them.
    #[default]
    Ignored,
    /// They are kept, and the request has a header of its own.
    Kept,
    /// They are kept and sent.
    Sent,
}

#[derive(Debug)]
pub(super) enum CompiledCheck {
    Status(Vec<StatusPattern>),
    BelowFourHundred,
    Value(CompiledSource, CompiledCondition),
    BodyContains(Pieces),
    Latency(Limit),
}

#[derive(Debug)]
pub(super) enum CompiledSource {
    /// A place in [`Wants::headers`].
    Header(usize),
    JsonPath(JsonPath),
}

/// A condition, and the text it compares with where that has names in it.
#[derive(Debug)]
pub(super) struct CompiledCondition {
    pub(super) rule: Condition,
    pub(super) text: Option<Pieces>,
}

/// How responses are told apart; the same for all steps, so that its headers stand first in [`Wants::headers`].
#[derive(Debug, Default)]
pub(super) struct CompiledClassify {
    pub(super) cache: Option<CompiledCache>,
    pub(super) groups: Vec<CompiledSource>,
    pub(super) errors: Vec<(CompiledSource, CompiledCondition)>,
    pub(super) values: Vec<CompiledSource>,
    pub(super) wants: Wants,
}

#[derive(Debug)]
pub(super) struct CompiledCache {
    pub(super) source: CompiledSource,
    pub(super) hit: Vec<Value>,
    pub(super) miss: Vec<Value>,
    pub(super) layer: Option<usize>,
}
