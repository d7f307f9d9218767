//! What every guard of a lock can do: show the value and print as the value.

/// For a guard that keeps the value, or a pointer to it, in `value: Option<_>`, full until the
/// guard is dropped.
macro_rules! reads_its_value {
    ($guard:ident <$($lifetime:lifetime,)? T>) => {
        impl<$($lifetime,)? T> std::ops::Deref for $guard<$($lifetime,)? T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                self.value.as_ref().expect("it is there until the drop")
            }
        }

        impl<$($lifetime,)? T: std::fmt::Debug> std::fmt::Debug for $guard<$($lifetime,)? T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&**self, f)
            }
        }

        impl<$($lifetime,)? T: std::fmt::Display> std::fmt::Display for $guard<$($lifetime,)? T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&**self, f)
            }
        }

        // The value is never pinned in the guard: it moves out again.
        impl<$($lifetime,)? T> Unpin for $guard<$($lifetime,)? T> {}
    };
}
