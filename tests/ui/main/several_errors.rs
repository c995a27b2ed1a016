#[asyncio::main(debug = 1, clok = "virtual")]
#[test]
fn main(name: String) {
    println!("{name}");
}
