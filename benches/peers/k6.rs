//! k6: the same work as a script, and what it tells at its end.

use std::fmt::Write as _;

use crate::clients::{CONNECTIONS, Work};

/// Ends with the line that all clients are read by. By its own clock k6 tells milliseconds.
const SUMMARY: &str = r"
export function handleSummary(data) {
  const requests = data.metrics.http_reqs.values;
  return {stdout: `${requests.count} requests in ${requests.count / requests.rate}s,\n`};
}
";

const ONE: &str = r"
export default function () {
  check(http.get(target), {status: (answer) => answer.status === 200});
}
";

/// The steps of [`super::clients::SCENARIO`].
const SCENARIO: &str = r#"
const hits = new Rate("hits");
const accounts = new Counter("accounts");
const note = (answer) => {
  hits.add(answer.headers["X-Cache"] === "HIT");
  accounts.add(1, {account: answer.headers["X-Account"]});
};
const headers = {"Content-Type": "application/json"};
export default function () {
  const created = http.post(`${target}messages`, JSON.stringify({model: "small", maxTokens: 1000}), {headers});
  check(created, {
    status: (answer) => answer.status === 200,
    tokens: (answer) => answer.json("tokens") === 1000,
  });
  note(created);
  note(http.get(`${target}messages/${created.json("id")}`, {tags: {name: "read"}}));
  note(http.get(`${target}messages`));
}
"#;

/// The script for `work` at `url`, which ends with a slash.
pub(crate) fn script(work: Work, url: &str, seconds: u64) -> String {
    let mut script = String::from("import http from \"k6/http\";\nimport {check} from \"k6\";\n");
    script.push_str("import {Counter, Rate} from \"k6/metrics\";\n");
    // Writing into memory can't fail.
    let _ = writeln!(script, "export const options = {{vus: {CONNECTIONS}, duration: \"{seconds}s\"}};");
    let _ = writeln!(script, "const target = \"{url}\";");
    script.push_str(match work {
        Work::One => ONE,
        Work::Scenario => SCENARIO,
    });
    script.push_str(SUMMARY);
    script
}
