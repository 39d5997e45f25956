//! Migrations are read into the program when it is built: without this, cargo would not see that one was added.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
