//! The target: nginx with one worker on loopback, a fixed answer, and nothing that costs it time.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{TARGET_CORE, child::pinned};

/// 80 bytes.
const BODY: &str = r#"{"id":"msg-000000000001","model":"small","text":"A short answer.","tokens":1000}"#;

/// A running nginx with a folder of its own; it ends when dropped.
pub(crate) struct Nginx {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Nginx {
    pub(crate) fn start(connections: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = free_address()?;
        let config = folder.path().join("nginx.conf");
        fs::write(&config, configuration(address, connections))?;
        let child = pinned(TARGET_CORE, "nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .spawn()
            .context("start nginx (with taskset)")?;
        let mut nginx = Self { child, address, folder };
        nginx.wait_until_it_answers()?;
        Ok(nginx)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if self.child.try_wait()?.is_some() || started.elapsed() > Duration::from_secs(5) {
                let log = fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
                bail!("nginx doesn't listen on {}: {log}", self.address);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Nginx {
    /// The master is asked, so that it takes its worker along.
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let asked = pid.is_some_and(|pid| kill_process(pid, Signal::TERM).is_ok());
        if !asked {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn configuration(address: SocketAddr, connections: usize) -> String {
    let open_files = connections + 256;
    let connections = connections + 64;
    format!(
        r"daemon off;
worker_processes 1;
worker_rlimit_nofile {open_files};
pid nginx.pid;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    keepalive_requests 4000000000;
    keepalive_timeout 1h;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen {address} backlog=4096;
        default_type application/json;
        location / {{
            add_header X-Cache HIT;
            add_header X-Account acc-1;
            return 200 '{BODY}';
        }}
    }}
}}
"
    )
}
