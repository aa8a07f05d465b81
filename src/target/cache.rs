//! The layered cache: L1 of each thread, L2 and L3 shared, looked up in that order and filled on the way back.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::lock::lock;
use super::route::Path;

/// Numbered users, `0` to this less one, whose entries a fresh target has in L3.
pub(super) const WARM_USERS: usize = 15_000;
const NO_LIMIT: u64 = u64::MAX;

/// A layer of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    L1,
    L2,
    L3,
}

impl Layer {
    pub(super) const ALL: [Self; 3] = [Self::L1, Self::L2, Self::L3];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
        }
    }

    const fn ttl(self) -> Duration {
        match self {
            Self::L1 => Duration::from_secs(10),
            Self::L2 => Duration::from_mins(1),
            Self::L3 => Duration::from_hours(1),
        }
    }

    const fn capacity(self) -> usize {
        match self {
            Self::L1 => 4_096,
            Self::L2 => 65_536,
            Self::L3 => 262_144,
        }
    }
}

/// An entry's key: a 64-bit hash of path and user, so that no look-up allocates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

/// One layer's entries; the oldest leaves when the layer is full.
#[derive(Debug)]
struct Shelf {
    layer: Layer,
    entries: HashMap<Key, Entry>,
    order: VecDeque<Key>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    body: &'static str,
    /// When the backend gave it: what a time-to-live limit counts from.
    born: Instant,
    /// When this layer got it: what the layer's own time to live counts from.
    kept: Instant,
}

impl Shelf {
    fn new(layer: Layer) -> Mutex<Self> {
        Mutex::new(Self { layer, entries: HashMap::new(), order: VecDeque::new() })
    }

    fn get(&self, key: Key, now: Instant, limit: Duration) -> Option<Entry> {
        let entry = *self.entries.get(&key)?;
        let since = |then| now.saturating_duration_since(then);
        (since(entry.kept) < self.layer.ttl() && since(entry.born) < limit).then_some(entry)
    }

    fn put(&mut self, key: Key, entry: Entry) {
        if self.entries.insert(key, entry).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.entries.len() > self.layer.capacity() {
            self.order.pop_front().map(|oldest| self.entries.remove(&oldest));
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}

/// The whole cache.
#[derive(Debug)]
pub(super) struct Cache {
    hasher: RandomState,
    l1: Vec<Mutex<Shelf>>,
    l2: Mutex<Shelf>,
    l3: Mutex<Shelf>,
    off: AtomicBool,
    ttl_limit_millis: AtomicU64,
}

impl Cache {
    /// An empty cache for as many threads.
    pub(super) fn new(threads: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            l1: (0..threads).map(|_| Shelf::new(Layer::L1)).collect(),
            l2: Shelf::new(Layer::L2),
            l3: Shelf::new(Layer::L3),
            off: AtomicBool::new(false),
            ttl_limit_millis: AtomicU64::new(NO_LIMIT),
        }
    }

    /// The key of a user's entry on a path.
    pub(super) fn key(&self, path: Path, user: &str) -> Key {
        Key(self.hasher.hash_one((path, user)))
    }

    /// Fills L3 with every path's entries of the default user and of the numbered ones.
    pub(super) fn warm(&self, body: impl Fn(Path) -> &'static str) {
        let now = Instant::now();
        let mut l3 = lock(&self.l3);
        for path in Path::CACHED {
            let entry = Entry { body: body(path), born: now, kept: now };
            l3.put(self.key(path, "default"), entry);
            for user in 0..WARM_USERS {
                l3.put(self.key(path, &user.to_string()), entry);
            }
        }
    }

    /// The freshest layer's entry; what was found below is put into the layers above.
    pub(super) fn get(&self, thread: usize, key: Key) -> Option<(Layer, &'static str)> {
        if self.off.load(Relaxed) {
            return None;
        }
        let (now, limit) = (Instant::now(), self.ttl_limit());
        let look = |layer| lock(self.shelf(layer, thread)).get(key, now, limit).map(|entry| (layer, entry));
        let (layer, entry) = Layer::ALL.into_iter().find_map(look)?;
        for above in Layer::ALL.into_iter().take_while(|above| *above != layer) {
            lock(self.shelf(above, thread)).put(key, Entry { kept: now, ..entry });
        }
        Some((layer, entry.body))
    }

    /// Puts an entry into every layer.
    pub(super) fn put(&self, thread: usize, key: Key, body: &'static str) {
        if self.off.load(Relaxed) {
            return;
        }
        let now = Instant::now();
        for layer in Layer::ALL {
            lock(self.shelf(layer, thread)).put(key, Entry { body, born: now, kept: now });
        }
    }

    /// Empties one layer, L1 in every thread.
    pub(super) fn clear(&self, layer: Layer) {
        match layer {
            Layer::L1 => self.l1.iter().for_each(|shelf| lock(shelf).clear()),
            Layer::L2 => lock(&self.l2).clear(),
            Layer::L3 => lock(&self.l3).clear(),
        }
    }

    /// Switches the cache off or on; an off cache neither finds nor keeps.
    pub(super) fn switch_off(&self, off: bool) {
        self.off.store(off, Relaxed);
    }

    pub(super) fn is_off(&self) -> bool {
        self.off.load(Relaxed)
    }

    /// Bounds every layer's time to live, at once and for entries already kept; `None` lifts the bound.
    pub(super) fn limit_ttl(&self, millis: Option<u64>) {
        self.ttl_limit_millis.store(millis.unwrap_or(NO_LIMIT), Relaxed);
    }

    pub(super) fn ttl_limit_millis(&self) -> Option<u64> {
        Some(self.ttl_limit_millis.load(Relaxed)).filter(|millis| *millis != NO_LIMIT)
    }

    fn ttl_limit(&self) -> Duration {
        self.ttl_limit_millis().map_or(Duration::MAX, Duration::from_millis)
    }

    fn shelf(&self, layer: Layer, thread: usize) -> &Mutex<Shelf> {
        match layer {
            Layer::L1 => &self.l1[thread],
            Layer::L2 => &self.l2,
            Layer::L3 => &self.l3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf_with(layer: Layer, entries: u64, now: Instant) -> Shelf {
        let mut shelf = Shelf::new(layer).into_inner().unwrap();
        for key in 0..entries {
            shelf.put(Key(key), Entry { body: "{}", born: now, kept: now });
        }
        shelf
    }

    #[test]
    fn an_entry_lives_as_long_as_its_layer_and_the_limit_let_it() {
        let (now, moment, no_limit) = (Instant::now(), Duration::from_millis(1), Duration::MAX);
        for layer in Layer::ALL {
            let shelf = shelf_with(layer, 1, now);
            let lives = |age, limit| shelf.get(Key(0), now + age, limit).is_some();
            assert!(
                lives(layer.ttl().saturating_sub(moment), no_limit) && !lives(layer.ttl(), no_limit),
                "{layer:?}"
            );
            assert!(lives(moment, 2 * moment) && !lives(2 * moment, 2 * moment), "{layer:?}");
        }
    }

    #[test]
    fn a_full_layer_loses_its_oldest_entry() {
        let now = Instant::now();
        for layer in Layer::ALL {
            let shelf = shelf_with(layer, layer.capacity() as u64 + 1, now);
            let has = |key| shelf.get(Key(key), now, Duration::MAX).is_some();
            assert!(!has(0) && has(1) && has(layer.capacity() as u64), "{layer:?}");
        }
    }
}
