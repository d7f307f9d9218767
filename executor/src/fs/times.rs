//! When a file was read and written last, as it is to be told.

use std::time::SystemTime;

/// Times for [`File::set_times`](crate::fs::File::set_times): those that are set are changed.
///
/// tokio: `fs::FileTimes`.
///
/// ```
/// use std::time::SystemTime;
/// use mainspring::fs::FileTimes;
///
/// let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
/// # let _ = times;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "times change nothing until they are given to `File::set_times`"]
pub struct FileTimes {
    accessed: Option<SystemTime>,
    modified: Option<SystemTime>,
}

impl FileTimes {
    /// None that is set.
    pub fn new() -> Self {
        FileTimes::default()
    }

    /// When it was read last.
    pub fn set_accessed(mut self, time: SystemTime) -> Self {
        self.accessed = Some(time);
        self
    }

    /// When it was written last.
    pub fn set_modified(mut self, time: SystemTime) -> Self {
        self.modified = Some(time);
        self
    }

    pub(crate) fn into_std(self) -> std::fs::FileTimes {
        let mut times = std::fs::FileTimes::new();
        if let Some(accessed) = self.accessed {
            times = times.set_accessed(accessed);
        }
        if let Some(modified) = self.modified {
            times = times.set_modified(modified);
        }
        times
    }
}
