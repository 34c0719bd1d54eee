//! The response cache: lookups against bare moka, and hit rates against others and the optimum.

use comparisons::cache::{compare_hit_rates, compare_lookups};

fn main() {
    compare_lookups();
    compare_hit_rates();
}
