#[path = "../save.rs"]
mod save;

fn main() {
    save::bench("u/x", dependency::NANOSECONDS);
}
