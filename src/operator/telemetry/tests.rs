//! Tests of what is told: the pages, called without a socket.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::{Live, Telemetry};
use crate::api::Verdict;

async fn page(telemetry: &Arc<Telemetry>, path: &str) -> (u16, String) {
    let service = TowerToHyperService::new(telemetry.router());
    let response = service.call(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The lines of `/metrics` that aren't comments.
async fn samples(telemetry: &Arc<Telemetry>) -> Vec<String> {
    let (status, text) = page(telemetry, "/metrics").await;
    assert_eq!(status, 200);
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Whether this sample is told after `happens`.
async fn check(happens: impl Fn(&Telemetry), want: &str) {
    let telemetry = Telemetry::new().unwrap();
    happens(&telemetry);
    let samples = samples(&telemetry).await;
    assert!(samples.iter().any(|sample| sample == want), "{want}\nis not in\n{}", samples.join("\n"));
}

#[tokio::test]
async fn what_happened_is_told_in_base_units() {
    let second = Duration::from_secs(1);
    check(|_| {}, concat!("loadgate_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")).await;
    check(|_| {}, "loadgate_leader 0").await;
    check(|it| it.leads(true), "loadgate_leader 1").await;
    check(Telemetry::run_started, "loadgate_runs_started_total 1").await;
    check(|_| {}, "loadgate_runs_finished_total{verdict=\"fail\"} 0").await;
    let finished = |verdict| move |it: &Telemetry| it.run_finished(verdict, 90 * second);
    check(finished(Some(Verdict::Fail)), "loadgate_runs_finished_total{verdict=\"fail\"} 1").await;
    check(finished(None), "loadgate_runs_finished_total{verdict=\"none\"} 1").await;
    check(finished(None), "loadgate_run_duration_seconds_sum 90").await;
    check(finished(None), "loadgate_run_duration_seconds_bucket{le=\"120\"} 1").await;
    check(|it| it.sessions_open(3), "loadgate_sessions_open 3").await;
    check(|it| it.push_answered(202), "loadgate_pushes_accepted_total 1").await;
    check(|it| it.push_answered(413), "loadgate_pushes_accepted_total 0").await;
    for (status, reason) in [(401, "no_identity"), (413, "too_large"), (422, "unreadable"), (503, "not_now")]
    {
        let refused = format!("loadgate_pushes_refused_total{{reason=\"{reason}\"}} 1");
        check(|it| it.push_answered(status), &refused).await;
    }
    let reconciled = "loadgate_reconcile_duration_seconds_bucket{le=\"0.01\"} 1";
    check(|it| it.reconciled(second / 125), reconciled).await;
    let failed = "loadgate_reconcile_errors_total{reason=\"conflict\"} 1";
    check(|it| it.reconcile_failed("conflict"), failed).await;
}

#[tokio::test]
async fn the_figures_of_a_run_are_told_while_it_is_under_way() {
    let telemetry = Telemetry::new().unwrap();
    let live = Live {
        requests_per_second: 99.5,
        p95: Some(Duration::from_millis(120)),
        error_ratio: Some(0.25),
        users: 50,
        workers_ready: 4,
    };
    telemetry.live("shop", "checkout", &live);
    telemetry.live("shop", "search", &Live::default());
    let of = |samples: Vec<String>, name: &str| -> Vec<String> {
        samples.into_iter().filter(|sample| sample.contains(name)).collect()
    };
    let told = of(samples(&telemetry).await, "checkout");
    let labels = "{name=\"checkout\",namespace=\"shop\"}";
    let want = [
        format!("loadgate_run_error_ratio{labels} 0.25"),
        format!("loadgate_run_requests_per_second{labels} 99.5"),
        format!("loadgate_run_response_time_p95_seconds{labels} 0.12"),
        format!("loadgate_run_users{labels} 50"),
        format!("loadgate_run_workers_ready{labels} 4"),
    ];
    assert_eq!(told, want);

    telemetry.live("shop", "checkout", &Live { p95: None, ..live });
    assert!(
        !samples(&telemetry).await.iter().any(|sample| sample.contains("p95")),
        "it isn't known any more"
    );
    telemetry.over("shop", "checkout");
    telemetry.over("shop", "checkout");
    let left = samples(&telemetry).await;
    assert_eq!(of(left.clone(), "checkout"), [""; 0]);
    assert_eq!(of(left, "search").len(), 3);
}

#[tokio::test]
async fn every_metric_has_a_prefix_and_a_help_text() {
    let telemetry = Telemetry::new().unwrap();
    telemetry.live("shop", "checkout", &Live::default());
    let (_, text) = page(&telemetry, "/metrics").await;
    let helped: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# HELP ")).collect();
    let typed: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    assert_eq!(helped.len(), typed.len());
    for (help, kind) in helped.into_iter().zip(typed) {
        let (name, told) = help.split_once(' ').unwrap();
        assert!(name.starts_with("loadgate_") && told.ends_with('.'), "{help}");
        assert_eq!(kind.ends_with(" counter"), name.ends_with("_total"), "{kind}");
    }
}

#[tokio::test]
async fn an_operator_is_ready_when_it_can_serve_and_has_reached_the_api_server_and_alive_all_the_time() {
    let telemetry = Telemetry::new().unwrap();
    let (status, told) = page(&telemetry, "/readyz").await;
    assert_eq!(status, 503);
    assert_eq!(told, "the ingest has no certificates yet; the API server was not reached yet\n");
    assert_eq!(page(&telemetry, "/healthz").await, (200, "ok\n".to_owned()));
    telemetry.tls_is_ready();
    let missing = "the API server was not reached yet\n".to_owned();
    assert_eq!(page(&telemetry, "/readyz").await, (503, missing));
    telemetry.api_is_reached();
    assert_eq!(page(&telemetry, "/readyz").await, (200, "ok\n".to_owned()));
    assert_eq!(page(&telemetry, "/healthz").await, (200, "ok\n".to_owned()));
}
