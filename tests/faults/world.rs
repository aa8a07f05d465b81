//! What faults are played with: an operator behind a proxy, played pods, a target that logs. Each test binary that plays some
//! brings its `NAME`, `LIMIT`, `PLACES` and `within`.

#[path = "definition.rs"]
pub(crate) mod definition;
#[path = "kubelet.rs"]
pub(crate) mod kubelet;
#[path = "leaving.rs"]
pub(crate) mod leaving;
#[path = "operator.rs"]
pub(crate) mod operator;
#[path = "outcome.rs"]
pub(crate) mod outcome;
#[path = "passing.rs"]
pub(crate) mod passing;
#[path = "../support/post.rs"]
pub(crate) mod post;
#[path = "proxy.rs"]
pub(crate) mod proxy;
#[path = "rights.rs"]
pub(crate) mod rights;
#[path = "../support/road.rs"]
pub(crate) mod road;
#[path = "stage.rs"]
pub(crate) mod stage;
#[path = "template.rs"]
pub(crate) mod template;
#[path = "watching.rs"]
pub(crate) mod watching;
#[path = "../support/weather.rs"]
pub(crate) mod weather;
#[path = "write.rs"]
pub(crate) mod write;
