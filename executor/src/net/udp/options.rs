//! The options of a UDP socket, which are the system's.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use socket2::SockRef;

use crate::net::udp::socket::UdpSocket;

impl UdpSocket {
    /// Whether it may send to everybody in a network.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.socket.io().broadcast()
    }

    /// Sets whether it may send to everybody in a network (`SO_BROADCAST`).
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.socket.io().set_broadcast(on)
    }

    /// Whether what it sends to an IPv4 group comes back to this machine.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        self.socket.io().multicast_loop_v4()
    }

    /// Sets whether what it sends to an IPv4 group comes back to this machine.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.socket.io().set_multicast_loop_v4(on)
    }

    /// How many routers a datagram to an IPv4 group may pass.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        self.socket.io().multicast_ttl_v4()
    }

    /// Sets how many routers a datagram to an IPv4 group may pass: 1 at first, so that it stays in the
    /// network.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        self.socket.io().set_multicast_ttl_v4(ttl)
    }

    /// Whether what it sends to an IPv6 group comes back to this machine.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        self.socket.io().multicast_loop_v6()
    }

    /// Sets whether what it sends to an IPv6 group comes back to this machine.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.socket.io().set_multicast_loop_v6(on)
    }

    /// The traffic class of its IPv6 datagrams.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn tclass_v6(&self) -> io::Result<u32> {
        SockRef::from(self).tclass_v6()
    }

    /// Sets the traffic class of its IPv6 datagrams.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        SockRef::from(self).set_tclass_v6(tclass)
    }

    /// How many routers a datagram from here may pass.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn ttl(&self) -> io::Result<u32> {
        self.socket.io().ttl()
    }

    /// Sets how many routers a datagram from here may pass.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.socket.io().set_ttl(ttl)
    }

    /// The type of service of its IPv4 datagrams.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn tos_v4(&self) -> io::Result<u32> {
        SockRef::from(self).tos_v4()
    }

    /// Sets the type of service of its IPv4 datagrams.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        SockRef::from(self).set_tos_v4(tos)
    }

    /// The former name of [`tos_v4`](UdpSocket::tos_v4).
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[deprecated(note = "it concerns IPv4 alone: call `tos_v4`")]
    #[doc(hidden)]
    pub fn tos(&self) -> io::Result<u32> {
        self.tos_v4()
    }

    /// The former name of [`set_tos_v4`](UdpSocket::set_tos_v4).
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[deprecated(note = "it concerns IPv4 alone: call `set_tos_v4`")]
    #[doc(hidden)]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.set_tos_v4(tos)
    }

    /// The name of the network interface it is bound to, if it is to one.
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[cfg(target_os = "linux")]
    pub fn device(&self) -> io::Result<Option<Vec<u8>>> {
        SockRef::from(self).device()
    }

    /// Binds it to a network interface by its name (`SO_BINDTODEVICE`): it receives what comes there
    /// alone. `None` undoes it.
    ///
    /// # Errors
    ///
    /// What the system answers.
    #[cfg(target_os = "linux")]
    pub fn bind_device(&self, interface: Option<&[u8]>) -> io::Result<()> {
        SockRef::from(self).bind_device(interface)
    }

    /// Joins an IPv4 group, at the interface with this address; at one that the system chooses if it
    /// is `0.0.0.0`.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket.io().join_multicast_v4(&multiaddr, &interface)
    }

    /// Joins an IPv6 group, at the interface with this index; at any if it is 0.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.io().join_multicast_v6(multiaddr, interface)
    }

    /// Leaves an IPv4 group.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.socket.io().leave_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves an IPv6 group.
    ///
    /// # Errors
    ///
    /// What the system answers.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.socket.io().leave_multicast_v6(multiaddr, interface)
    }
}
