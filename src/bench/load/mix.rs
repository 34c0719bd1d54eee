//! What users do, and how often.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

/// One thing that a user does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Asks an agent over HTTP, and waits for its answer in a room on the WebSocket.
    Chat,
    /// Runs an analytics query.
    DataQuery,
    /// Uploads a file.
    FileUpload,
    /// Asks whether the service is well.
    Status,
    /// Writes a setting.
    Settings,
}

/// What users do, in parts of a hundred.
pub const SEED_MIX: [(Operation, u32); 5] = [
    (Operation::Chat, 40),
    (Operation::DataQuery, 25),
    (Operation::FileUpload, 10),
    (Operation::Status, 15),
    (Operation::Settings, 10),
];

impl Operation {
    /// The next operation of a user.
    pub(super) fn draw(random: &mut StdRng) -> Self {
        // The weights are constants above zero, so there is always one to draw.
        SEED_MIX
            .choose_weighted(random, |(_, weight)| *weight)
            .map_or(Self::Status, |(operation, _)| *operation)
    }

    /// The operation's name, as reports have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::DataQuery => "data query",
            Self::FileUpload => "file upload",
            Self::Status => "status",
            Self::Settings => "settings",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn operations_come_as_often_as_the_mix_says() {
        let mut random = StdRng::seed_from_u64(1);
        let drawn: Vec<_> = (0..10_000).map(|_| Operation::draw(&mut random)).collect();
        assert_eq!(SEED_MIX.iter().map(|(_, weight)| weight).sum::<u32>(), 100);
        for (operation, weight) in SEED_MIX {
            let times = drawn.iter().filter(|other| **other == operation).count();
            let expected = weight as usize * 100;
            assert!(times.abs_diff(expected) < 200, "{operation}: {times} of {expected}");
        }
    }
}
