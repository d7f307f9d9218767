//! Made by the test `tokio_items`; do not edit it.

use mainspring as tokio;

const _: () = { use tokio::process as _; };
