//! `SocketAddr`: the name of a Unix socket, which is a file's, an abstract one, or none.

use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net;
use std::path::Path;

#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;

/// The address of a Unix socket. It is made from std's, and is turned into std's.
///
/// tokio: `net::unix::SocketAddr`.
///
/// ```
/// use mainspring::net::unix::SocketAddr;
///
/// let name = std::os::unix::net::SocketAddr::from_pathname("/run/clock.sock")?;
/// let name = SocketAddr::from(name);
/// assert_eq!(name.as_pathname(), Some("/run/clock.sock".as_ref()));
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone)]
pub struct SocketAddr(pub(crate) net::SocketAddr);

impl SocketAddr {
    /// Whether it is no name at all, as that of a socket that was only connected.
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// The file, if it is the name of one.
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// The name, if it is an abstract one: of no file, and gone with its socket.
    #[cfg(target_os = "linux")]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        self.0.as_abstract_name()
    }

    /// What a caller writes for a name: a path, or on Linux a zero and an abstract name.
    pub(crate) fn of(path: &Path) -> io::Result<SocketAddr> {
        #[cfg(target_os = "linux")]
        if let Some(name) = path.as_os_str().as_bytes().strip_prefix(b"\0") {
            return net::SocketAddr::from_abstract_name(name).map(SocketAddr);
        }
        net::SocketAddr::from_pathname(path).map(SocketAddr)
    }

    /// The bytes by which a listener and those who connect to it know each other.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        #[cfg(target_os = "linux")]
        if let Some(name) = self.as_abstract_name() {
            return [b"\0", name].concat();
        }
        let path = self.as_pathname().unwrap_or(Path::new(""));
        path.as_os_str().as_bytes().to_vec()
    }
}

impl fmt::Debug for SocketAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<net::SocketAddr> for SocketAddr {
    fn from(address: net::SocketAddr) -> Self {
        SocketAddr(address)
    }
}

impl From<SocketAddr> for net::SocketAddr {
    fn from(address: SocketAddr) -> Self {
        address.0
    }
}
