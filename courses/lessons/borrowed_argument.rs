//! The same, where no `move` helps: what is moved is a reference.

async fn greet(name: &str) {
    let task = tokio::spawn(async move {
        println!("hello, {name}");
    });
    task.await.unwrap();
}

#[tokio::main]
async fn main() {
    greet("Ada").await;
}
