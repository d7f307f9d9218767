//! A task may outlive the function that spawned it, and so cannot borrow from it. `async move`
//! gives the task what it needs.

#[tokio::main]
async fn main() {
    let name = String::from("Ada");
    let task = tokio::spawn(async {
        println!("hello, {name}");
    });
    task.await.unwrap();
}
