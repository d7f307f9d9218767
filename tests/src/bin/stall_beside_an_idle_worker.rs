//! A program that can never go on: it waits for what nobody can send, while a pool's worker is
//! idle. `pool_ends` runs it.

fn main() {
    let event = mainspring::sync::Event::new();
    mainspring::run(async {
        mainspring::spawn_blocking(|| ()).await.unwrap();
        event.wait().await;
    });
}
