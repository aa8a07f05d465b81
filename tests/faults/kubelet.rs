//! Plays the pods of a namespace that no node takes: each is a process of this machine, with what its template gives it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, ServiceAccount};
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::wait::await_condition;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Client, ResourceExt};
use loadgate::api::LoadTest;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::support::tokens;
use crate::template::{command, index, over, running};
use crate::{LIMIT, NAME, within};

/// How long a process that is asked to stop may take.
const GRACE: Duration = Duration::from_secs(10);

/// How long tokens hold, as the template asks for them.
const TOKENS_HOLD: Duration = Duration::from_mins(10);

/// A pod whose process has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    /// The exit code; none: a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it said.
    pub(crate) log: String,
}

/// What became of each pod so far, by its name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pods {
    /// Those that the API server still has.
    pub(crate) there: Vec<String>,
    /// Those whose process hasn't ended yet.
    pub(crate) live: Vec<String>,
    /// The processes of those.
    pub(crate) processes: BTreeMap<String, Pid>,
    /// What they show of themselves.
    pub(crate) tokens: Vec<String>,
    /// Those whose process has ended.
    pub(crate) ended: BTreeMap<String, Ended>,
}

/// By the index of a pod, what its process is told of the time of day: variables of its environment.
type Clocks = Arc<Mutex<BTreeMap<String, Vec<(String, String)>>>>;

/// The node that plays them. Dropped, all of its processes are killed.
pub(crate) struct Kubelet {
    pods: watch::Sender<Pods>,
    renewals: watch::Sender<u32>,
    clocks: Clocks,
    watching: AbortHandle,
}

#[derive(Clone)]
struct Node {
    client: Client,
    namespace: String,
    pods: watch::Sender<Pods>,
    /// How often all tokens were renewed.
    renewals: watch::Sender<u32>,
    /// How wrong the clocks of processes are, by the index of their pods.
    clocks: Clocks,
    /// Where workers report instead of where they are told to, without TLS; none: where they are told to.
    post: Option<SocketAddr>,
}

impl Kubelet {
    pub(crate) fn start(client: &Client, namespace: &str, post: Option<SocketAddr>) -> Self {
        let pods = watch::Sender::new(Pods::default());
        let (client, namespace) = (client.clone(), namespace.to_owned());
        let (renewals, clocks) = (watch::Sender::new(0), Clocks::default());
        let node = Node {
            client,
            namespace,
            pods: pods.clone(),
            renewals: renewals.clone(),
            clocks: clocks.clone(),
            post,
        };
        Kubelet { pods, renewals, clocks, watching: tokio::spawn(node.watch()).abort_handle() }
    }

    /// What those that have ended said.
    pub(crate) fn logs(&self) -> String {
        self.pods.borrow().ended.values().map(|ended| ended.log.as_str()).collect()
    }

    /// Waits until what became of the pods is so.
    pub(crate) async fn sees(&self, what: &str, is: impl FnMut(&Pods) -> bool) -> Pods {
        let mut pods = self.pods.subscribe();
        within(LIMIT, what, pods.wait_for(is)).await.unwrap().clone()
    }

    /// From now on, processes of pods with this index have such a clock.
    pub(crate) fn has_clock(&self, index: u32, clock: Vec<(String, String)>) {
        self.clocks.lock().unwrap().insert(index.to_string(), clock);
    }

    /// Renews the tokens of all that live, and waits until they have them.
    pub(crate) async fn renews_tokens(&self) {
        let (living, known) = (self.so_far().processes.len(), self.so_far().tokens.len());
        self.renewals.send_modify(|times| *times += 1);
        self.sees("renewed tokens", |pods| pods.tokens.len() >= known + living).await;
    }

    pub(crate) fn so_far(&self) -> Pods {
        self.pods.borrow().clone()
    }

    /// Sends a signal to the process of one of those that live; which one, `pick` tells. None: there is none.
    pub(crate) fn signal(&self, pick: u64, signal: Signal) -> Option<Pid> {
        let processes: Vec<Pid> = self.pods.borrow().processes.values().copied().collect();
        let place = pick.checked_rem(processes.len() as u64)?;
        let picked = processes[usize::try_from(place).unwrap()];
        // It may have ended a moment ago.
        kill_process(picked, signal).ok().map(|()| picked)
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl Node {
    async fn watch(self) {
        let mut deleted: BTreeMap<String, watch::Sender<bool>> = BTreeMap::new();
        let mut lives = tokio::task::JoinSet::new();
        let mut events = std::pin::pin!(watcher(self.api::<Pod>(), watcher::Config::default()));
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Apply(pod) | Event::InitApply(pod)) => {
                    let name = pod.name_any();
                    if !deleted.contains_key(&name) {
                        let (gone, is_gone) = watch::channel(false);
                        deleted.insert(name.clone(), gone);
                        self.pods.send_modify(|pods| {
                            pods.there.push(name.clone());
                            pods.live.push(name);
                        });
                        lives.spawn(self.clone().live(pod, is_gone));
                    }
                }
                Ok(Event::Delete(pod)) => {
                    let name = pod.name_any();
                    if let Some(gone) = deleted.get(&name) {
                        gone.send_replace(true);
                    }
                    self.pods.send_modify(|pods| pods.there.retain(|there| *there != name));
                }
                Ok(Event::Init | Event::InitDone) => {}
                Err(error) => eprintln!("{}: pods can't be watched: {error}", self.namespace),
            }
        }
    }

    /// Another token where the one that a pod began with is.
    async fn renew(&self, pod: &Pod, folder: &TempDir, mut due: watch::Receiver<u32>) {
        while due.changed().await.is_ok() {
            let token = self.token(pod).await;
            // As a kubelet does it: nobody ever reads a half of it.
            let new = folder.path().join("token.new");
            std::fs::write(&new, &token).unwrap();
            std::fs::rename(new, folder.path().join("token")).unwrap();
            self.pods.send_modify(|pods| pods.tokens.push(token));
        }
    }

    /// One pod from its start to its end.
    async fn live(self, pod: Pod, mut is_gone: watch::Receiver<bool>) {
        let name = pod.name_any();
        let folder = tempfile::tempdir().unwrap();
        let child = tokio::select! {
            child = self.begin(&pod, &folder) => Some(child),
            _ = is_gone.wait_for(|gone| *gone) => None,
        };
        let code = match child {
            Some(child) => {
                let process = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
                self.pods.send_modify(|pods| pods.processes.extend(process.map(|it| (name.clone(), it))));
                tokio::select! {
                    code = finish(child, &mut is_gone) => Some(code),
                    () = self.renew(&pod, &folder, self.renewals.subscribe()) => None,
                }
            }
            None => None,
        };
        self.pods.send_modify(|pods| {
            pods.processes.remove(&name);
        });
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        if let Some(code) = code {
            self.tell(&name, &over(code, &read("termination-log"))).await;
        }
        let ended = Ended { code: code.flatten(), log: read("log") };
        self.pods.send_modify(|pods| {
            pods.live.retain(|live| *live != name);
            pods.ended.insert(name, ended);
        });
    }

    async fn begin(&self, pod: &Pod, folder: &TempDir) -> Child {
        self.mount(pod, folder).await;
        // Of two pods for one share, the Job takes the one away that isn't running.
        if !pod.finalizers().is_empty() {
            self.tell(&pod.name_any(), &running()).await;
        }
        // In rough weather nothing comes the same way twice anyway.
        if self.post.is_none() {
            self.turn(pod).await;
        }
        let clock = self.clocks.lock().unwrap().get(&index(pod)).cloned().unwrap_or_default();
        command(pod, folder, self.post).envs(clock).spawn().unwrap()
    }

    /// The frozen spec and the token, where the template says that they are.
    async fn mount(&self, pod: &Pod, folder: &TempDir) {
        let volumes = pod.spec.as_ref().and_then(|spec| spec.volumes.as_ref()).unwrap();
        let map = volumes.iter().find_map(|volume| Some(volume.config_map.as_ref()?.name.clone())).unwrap();
        let map =
            within(LIMIT, &map, await_condition(self.api(), &map, |map: Option<&ConfigMap>| map.is_some()));
        for (key, text) in map.await.unwrap().unwrap().data.unwrap() {
            std::fs::write(folder.path().join(key), text).unwrap();
        }
        let token = self.token(pod).await;
        std::fs::write(folder.path().join("token"), &token).unwrap();
        self.pods.send_modify(|pods| pods.tokens.push(token));
        std::fs::write(folder.path().join("termination-log"), "").unwrap();
    }

    async fn token(&self, pod: &Pod) -> String {
        tokens::of_pod(&self.api::<ServiceAccount>(), pod, TOKENS_HOLD).await
    }

    /// One worker after the other: so every run counts them through the same steps.
    async fn turn(&self, pod: &Pod) {
        let index: u64 = index(pod).parse().unwrap();
        let is_next = |test: Option<&LoadTest>| {
            let workers = test.and_then(|test| test.status.as_ref()?.workers.as_ref());
            index == 0 || workers.is_some_and(|workers| u64::from(workers.ready) >= index)
        };
        let turn = Box::pin(await_condition(self.api::<LoadTest>(), NAME, is_next));
        within(LIMIT, "the worker before it is ready", turn).await.unwrap();
    }

    /// Tells the status of a pod; it may be gone by then.
    async fn tell(&self, name: &str, status: &Value) {
        let patch = Patch::Strategic(json!({"status": status}));
        match self.api::<Pod>().patch_status(name, &PatchParams::default(), &patch).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            told => drop(told.unwrap()),
        }
    }

    fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

/// Its exit code, once it has ended, by itself or because its pod is gone; none: a signal ended it.
async fn finish(mut child: Child, is_gone: &mut watch::Receiver<bool>) -> Option<i32> {
    tokio::select! {
        ended = child.wait() => return ended.unwrap().code(),
        _ = is_gone.wait_for(|gone| *gone) => {}
    }
    if let Some(id) = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)) {
        // It may have ended a moment ago.
        let _ = kill_process(id, Signal::TERM);
    }
    within(GRACE, "a worker that is asked to stop ends", child.wait()).await.unwrap().code()
}
