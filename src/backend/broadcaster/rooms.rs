//! Who is in which room.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::RwLock;

use super::Hub;
use super::member::Member;

/// The rooms that somebody is in, by name, and their members, by id.
#[derive(Debug, Default)]
pub(super) struct Rooms(RwLock<HashMap<String, HashMap<u64, Arc<Member>>>>);

impl Rooms {
    /// Calls `offer` for every member of `room`, and counts those that it says yes to.
    pub fn each(&self, room: &str, offer: impl Fn(&Arc<Member>) -> bool) -> usize {
        let rooms = self.0.read();
        let Some(members) = rooms.get(room) else { return 0 };
        members.values().filter(|member| offer(member)).count()
    }

    fn join(&self, room: &str, member: &Arc<Member>) {
        self.0.write().entry(room.to_owned()).or_default().insert(member.id, Arc::clone(member));
    }

    fn leave(&self, room: &str, member: &Member) {
        let mut rooms = self.0.write();
        let Some(members) = rooms.get_mut(room) else { return };
        members.remove(&member.id);
        if members.is_empty() {
            rooms.remove(room);
        }
    }
}

/// A connection's place in the hub: it is counted, and in its rooms, until this is dropped.
#[derive(Debug)]
pub(super) struct Membership {
    pub hub: Arc<Hub>,
    pub member: Arc<Member>,
    joined: HashSet<String>,
}

/// A room too many.
#[derive(Debug, thiserror::Error)]
#[error("a connection may be in {0} rooms at once: leave one to join another")]
pub(super) struct TooManyRooms(usize);

impl Membership {
    pub fn new(hub: Arc<Hub>, member: Arc<Member>) -> Self {
        hub.counters.connections.fetch_add(1, Relaxed);
        Self { hub, member, joined: HashSet::new() }
    }

    pub fn join(&mut self, room: &str) -> Result<(), TooManyRooms> {
        let most = self.hub.config.max_rooms;
        if !self.joined.contains(room) {
            if self.joined.len() >= most {
                return Err(TooManyRooms(most));
            }
            self.joined.insert(room.to_owned());
            self.hub.rooms.join(room, &self.member);
        }
        Ok(())
    }

    pub fn leave(&mut self, room: &str) {
        if self.joined.remove(room) {
            self.hub.rooms.leave(room, &self.member);
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        for room in self.joined.drain() {
            self.hub.rooms.leave(&room, &self.member);
        }
        self.hub.counters.connections.fetch_sub(1, Relaxed);
    }
}
