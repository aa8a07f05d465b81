//! Targets in pods, each behind a Service: nginx with its access log, and the demonstration target.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::kubectl::Kubectl;

/// No pod of these tests takes longer to be ready.
const LIMIT: Duration = Duration::from_mins(1);
/// So long a connection to a Service is waited for, and after so long it is tried again.
const CONNECT: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(100);
/// Where they listen, and their Services.
const PORT: u16 = 8080;

/// Where pods of its namespace reach nginx.
pub(crate) const NGINX: &str = "http://nginx:8080";

/// nginx in a pod.
pub(crate) struct Nginx {
    kubectl: Kubectl,
}

/// A line of its access log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// When the answer was sent, in seconds of the day's clock.
    pub(crate) at: f64,
    /// `GET /models 200`.
    pub(crate) seen: String,
    /// Who sent it.
    pub(crate) agent: String,
}

impl Nginx {
    /// Started and ready, as Service `nginx`.
    pub(crate) fn start(kubectl: &Kubectl) -> Self {
        serve(kubectl, "nginx", &json!({"image": "loadgate.test/nginx:1"}), "/healthz", &[]);
        Nginx { kubectl: kubectl.clone() }
    }

    /// The same with other locations, and another variable at the end of its log's lines.
    pub(crate) fn configured(kubectl: &Kubectl, logged: &str, locations: &str) -> Self {
        let configuration = format!(
            "pid /tmp/nginx.pid;
events {{}}
http {{
    log_format seen '$msec $request_method $request_uri $status {logged}';
    access_log /tmp/access.log seen;
    server {{
        listen 8080;
        location = /healthz {{ access_log off; return 200; }}
        {locations}
        location / {{ return 200 '{{}}'; }}
    }}
}}
"
        );
        kubectl.apply(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nginx"},
            "data": {"nginx.conf": configuration}}));
        let container = json!({"image": "loadgate.test/nginx:1",
            "volumeMounts": [{"name": "conf", "mountPath": "/etc/nginx/nginx.conf", "subPath": "nginx.conf"}]});
        let volume = json!({"name": "conf", "configMap": {"name": "nginx"}});
        serve(kubectl, "nginx", &container, "/healthz", &[volume]);
        Nginx { kubectl: kubectl.clone() }
    }

    /// One that takes a second for `/models`. Iterations that are late by a tenth of that are no flaw of the generator's,
    /// so that a busy machine can hold a run of it for sound.
    pub(crate) fn slow(kubectl: &Kubectl) -> Self {
        let body = "x".repeat(1_500);
        let models = format!("location = /models {{ limit_rate 1000; return 200 '{body}'; }}");
        Nginx::configured(kubectl, "$http_user_agent", &models)
    }

    /// That which was started in this namespace before.
    pub(crate) fn of(kubectl: &Kubectl) -> Self {
        Nginx { kubectl: kubectl.clone() }
    }

    /// Where it is for pods and for this machine alike, which knows no names of Services.
    pub(crate) fn url_for_all(&self) -> String {
        url_of(&self.kubectl, "nginx")
    }

    /// The text of its log so far.
    pub(crate) fn raw_log(&self) -> String {
        self.kubectl.run(&["exec", "nginx", "--", "cat", "/tmp/access.log"])
    }

    /// Its log so far, in order.
    pub(crate) fn log(&self) -> Vec<Line> {
        self.raw_log().lines().map(line).collect()
    }

    /// What of its log is load: all but the preflight.
    pub(crate) fn load(&self) -> Vec<Line> {
        self.log().into_iter().filter(|line| !line.agent.contains("preflight")).collect()
    }
}

fn line(text: &str) -> Line {
    let mut words = text.splitn(5, ' ');
    let mut word = || words.next().unwrap_or_else(|| panic!("a line of the log is short: {text:?}"));
    let at = word().parse().unwrap();
    Line { at, seen: format!("{} {} {}", word(), word(), word()), agent: word().to_owned() }
}

/// The demonstration target in a pod: where it is then.
pub(crate) fn target(kubectl: &Kubectl, image: &str) -> String {
    let container = json!({"image": image, "args": ["target", "--listen", "0.0.0.0:8080"]});
    serve(kubectl, "target", &container, "/health", &[]);
    "http://target:8080".to_owned()
}

/// Where a pod is for other pods and for this machine alike.
pub(crate) fn url_of(kubectl: &Kubectl, pod: &str) -> String {
    let address = kubectl.get(&["pod", pod])["status"]["podIP"].clone();
    format!("http://{}:8080", address.as_str().unwrap())
}

/// Runs a container as pod and Service `name`, port 8080, until both are ready.
fn serve(kubectl: &Kubectl, name: &str, container: &Value, health: &str, volumes: &[Value]) {
    let mut container = container.clone();
    container["name"] = json!(name);
    container["imagePullPolicy"] = json!("Never");
    // Once it is ready it stays so: on a machine that is busy with other things its answers to the kubelet may be late.
    container["readinessProbe"] =
        json!({"httpGet": {"path": health, "port": PORT}, "periodSeconds": 1, "failureThreshold": 1000});
    container["securityContext"] = json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
        "capabilities": {"drop": ["ALL"]}});
    let mut mounts = vec![json!({"name": "tmp", "mountPath": "/tmp"})];
    mounts.extend(container["volumeMounts"].as_array().cloned().unwrap_or_default());
    container["volumeMounts"] = json!(mounts);
    let volumes = [&[json!({"name": "tmp", "emptyDir": {}})], volumes].concat();
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "terminationGracePeriodSeconds": 1, "containers": [container], "volumes": volumes}});
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": PORT}]}});
    kubectl.apply(&json!({"apiVersion": "v1", "kind": "List", "items": [pod, service]}));
    kubectl.wait("condition=Ready", &format!("pod/{name}"), LIMIT);
    is_served(kubectl, name);
}

/// Waits until the node takes connections to a Service and its name is known. Nobody tells when that is, after an outage it
/// may take a while, and a worker tries it only once.
fn is_served(kubectl: &Kubectl, name: &str) {
    let address = |kubectl: &Kubectl, name: &str| -> IpAddr {
        kubectl.get(&["service", name])["spec"]["clusterIP"].as_str().unwrap().parse().unwrap()
    };
    let service = SocketAddr::from((address(kubectl, name), PORT));
    let names = SocketAddr::from((address(&kubectl.within("kube-system"), "kube-dns"), 53));
    let full_name = format!("{name}.{}.svc.cluster.local", kubectl.namespace());
    let since = Instant::now();
    let is_there = || {
        TcpStream::connect_timeout(&service, CONNECT)?;
        resolves(names, &full_name)
    };
    while let Err(error) = is_there() {
        assert!(since.elapsed() < LIMIT, "{full_name} at {service}: {error}");
        std::thread::sleep(AGAIN);
    }
}

/// Asks the cluster's DNS for the address of a name.
fn resolves(server: SocketAddr, name: &str) -> io::Result<()> {
    // One question, to be answered by whoever is asked; of its address, in the internet.
    let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).unwrap());
        question.extend(label.bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_read_timeout(Some(CONNECT))?;
    socket.send_to(&question, server)?;
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer)?;
    let (failed, answers) = (answer[3] & 0xf, u16::from_be_bytes([answer[6], answer[7]]));
    let is_known = length >= question.len() && failed == 0 && answers > 0;
    if is_known { Ok(()) } else { Err(io::Error::other("its name isn't known")) }
}
