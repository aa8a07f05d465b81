//! Whatever stands in a file, it becomes a plan or faults with their fields; and a plan can be made ready.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgate::engine::CompiledPhase;
use loadgate::plan::secrets::Secrets;
use loadgate::plan::{Data, Document, Options, Plan};

/// What assignments change.
const GOOD: &str = r#"
apiVersion: loadgate.dev/v1alpha1
kind: LoadTest
metadata: {name: good}
spec:
  target: {baseUrl: "http://shop.test:8080"}
  variables: {base: shop, count: 3}
  data: [{name: rows, inline: [{id: 1, city: Rome}], order: perUser}]
  scenarios:
  - name: buy
    setup: [{name: login, request: {path: /login}, extract: [{name: token, jsonPath: $.token}]}]
    steps:
    - name: find
      request: {path: "/items/${base}", headers: [{name: X-Token, value: "${token}"}]}
      checks: [{status: [200]}, {jsonPath: $.a, exists: true}]
      extract: [{name: id, header: x, regex: "a(b)"}]
      think: 1s..3s
    - {name: order, probability: 5%, when: "${id}", request: {method: POST, path: /o, json: {n: "${rows.id}"}}}
  classify: {groups: [{name: account, header: x-account}]}
  phases:
  - {name: one, load: {constantUsers: {users: 3, duration: 10s}}, expect: [{metric: latency.p95, target: "< 1s"}]}
  - {name: two, load: {rampingRate: {stages: [{rate: 5/s, duration: 3s}]}}}
  - {name: three, load: {batches: {iterations: 10, batches: 3, over: 9s}}}
  - {name: four, load: {steps: {rate: {from: 1/s, step: 1/s, to: 9/s}, hold: 2s, stopWhen: [{metric: error_rate, is: "> 1%"}]}}}
  requirements: [{id: a, metric: "share(account=x)", target: "< 5%", where: {phases: [one]}}]
"#;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let (document, options) = match text.strip_prefix('+') {
        Some(assignments) => assigned(assignments),
        None => (Document::parse(&text).ok(), Options::default()),
    };
    let Some(document) = document else { return };
    match document.check(&options) {
        Ok(checked) => can_be_made_ready(&checked.plan),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused for nothing");
            assert!(
                faults.iter().all(|fault| !fault.path.is_empty() && !fault.message.is_empty()),
                "{faults:?}"
            );
        }
    }
});

/// A good test with lines of `field=value`, as after `--set`. `?` before them makes it quick.
fn assigned(assignments: &str) -> (Option<Document>, Options) {
    let quick = assignments.strip_prefix('?');
    let Ok(mut document) = Document::parse(GOOD) else { panic!("it is good") };
    for assignment in quick.unwrap_or(assignments).lines() {
        // What can't be set is told.
        let _ = document.set(assignment);
    }
    (Some(document), Options { quick: quick.map(|_| 60), ..Options::default() })
}

fn can_be_made_ready(plan: &Plan) {
    let Ok(data) = Data::read(plan, |_| Ok(None)) else { return };
    for leg in plan.legs() {
        let load = plan.load(leg);
        assert!(!load.executor.in_words().is_empty() && load.executor.users() < u32::MAX);
        if let Err(error) = CompiledPhase::new(plan, load, &Secrets::default(), &data, "run") {
            assert!(error.to_string().contains("Secret"), "{error}");
        }
    }
}
