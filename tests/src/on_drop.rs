//! A value whose destructor does what the test wants.

/// Runs a closure when it is dropped.
pub struct OnDrop<F: FnOnce()>(Option<F>);

/// Runs `act` when what is returned is dropped.
pub fn on_drop<F: FnOnce()>(act: F) -> OnDrop<F> {
    OnDrop(Some(act))
}

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(act) = self.0.take() {
            act();
        }
    }
}

impl<F: FnOnce()> std::fmt::Debug for OnDrop<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnDrop")
    }
}
