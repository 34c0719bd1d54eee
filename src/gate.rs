//! Is it good enough: judges the estimates that Criterion saved, of any Criterion project.
