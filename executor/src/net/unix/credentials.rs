//! `UCred`: who is at the other end of a Unix socket.

use std::io;
use std::os::fd::AsFd;

use nix::sys::socket::{getsockopt, sockopt};

/// The number of a user.
///
/// tokio: `net::unix::uid_t`.
#[allow(non_camel_case_types)]
pub type uid_t = u32;

/// The number of a group.
///
/// tokio: `net::unix::gid_t`.
#[allow(non_camel_case_types)]
pub type gid_t = u32;

/// The number of a process.
///
/// tokio: `net::unix::pid_t`.
#[allow(non_camel_case_types)]
pub type pid_t = i32;

/// User, group and process at the other end, as they were when it was connected.
///
/// tokio: `net::unix::UCred`.
///
/// ```
/// # mainspring::run(async {
/// use mainspring::net::UnixStream;
///
/// let (here, _there) = UnixStream::pair()?;
/// let peer = here.peer_cred()?;
/// assert_eq!(peer.pid(), Some(std::process::id() as i32));
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    /// The number of its user.
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The number of its group.
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The number of its process; `None` where the system does not tell.
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }

    /// Asks who is at the other end of a socket.
    #[cfg(target_os = "linux")]
    pub(crate) fn of_peer(socket: &impl AsFd) -> io::Result<UCred> {
        let peer = getsockopt(socket, sockopt::PeerCredentials)?;
        Ok(UCred {
            pid: Some(peer.pid()),
            uid: peer.uid(),
            gid: peer.gid(),
        })
    }

    /// Asks who is at the other end of a socket.
    #[cfg(target_os = "macos")]
    pub(crate) fn of_peer(socket: &impl AsFd) -> io::Result<UCred> {
        let (uid, gid) = nix::unistd::getpeereid(socket)?;
        Ok(UCred {
            pid: Some(getsockopt(socket, sockopt::LocalPeerPid)?),
            uid: uid.as_raw(),
            gid: gid.as_raw(),
        })
    }
}
