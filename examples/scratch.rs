use loadgate::{plan::{Document,Options},cli::local};
use std::sync::Arc;
fn main(){
 let text=std::fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
 let d=Document::parse(&text).map_err(|f| f.iter().for_each(|f| println!("{f}"))).unwrap();
 let c=d.check(&Options{workers:std::env::args().nth(2).map(|x|x.parse().unwrap()),..Default::default()}).map_err(|f| f.iter().for_each(|f| println!("{f}"))).unwrap();
 let rt=tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
 let o=rt.block_on(local::run(Arc::new(c.plan),&local::Means::default(),std::future::pending(),|_c|{})).unwrap();
 println!("{:?} {:?}",o.view,o.faults);
 for p in &o.aggregate.phases { let w=p.state.whole(); let c=w.pooled(None,None); println!("{:?} req {} err {:?} st {:?} p50 {:?} p99 {:?} cache {:?} groups {:?} span {:?} end {:?} secs {} lag {:?} conn {:?}",p.state.books,c.requests,c.errors,c.statuses,c.latency.quantile(0.5),c.latency.quantile(0.99),c.cache,c.groups,w.span,p.state.end,p.seconds.len(),w.lag.quantile(0.99), w.connect.quantile(0.5)); }
}
