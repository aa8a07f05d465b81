//! The end of a phase: what is under way by then is cut off, and its connection with it.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::json;

use crate::support::program::LIMIT;
use crate::support::server::{Server, response};
use crate::{run, test};

#[test]
fn what_is_under_way_at_the_end_of_a_phase_is_cut_off_with_its_connection() {
    for tier in ["fast", "full"] {
        let (tell, told) = channel();
        let told = Mutex::new(told);
        let server = Server::start(move |mut connection| {
            let Some(request) = connection.request() else { return };
            if request.line() == "GET /hang" {
                connection.wait_for_its_end();
                return tell.send(()).unwrap();
            }
            // Those of both users have ended before the run has.
            for _ in 0..2 {
                told.lock().unwrap().recv_timeout(LIMIT).unwrap();
            }
            connection.send(&response("200 OK", "", "{}"));
        });
        let steps = json!([{"name": "get", "request": {"path": "/${phase}"}}]);
        let mut test = test(&server.url(), &json!({"http": {"tier": tier}, "timeout": "30s"}), &steps);
        test["spec"]["phases"] = json!([
            {"name": "hang", "load": {"constantUsers": {"users": 2, "duration": "1s"}}, "maxDuration": "1s"},
            {"name": "next", "load": {"iterations": {"users": 1, "perUser": 1}}},
        ]);
        let ended = run(&test);
        let report = ended.report();
        assert_eq!(report.text("/phases/0/end"), "deadline", "{tier}: {}", ended.err);
        assert_eq!((report.total("cut"), report.total("failed")), (2, 0), "{tier}: {}", ended.err);
        assert_eq!(report.total("requests"), 1, "{tier}: {}", ended.err);
    }
}
