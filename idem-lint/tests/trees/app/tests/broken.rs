async fn handle_in_a_test() {
