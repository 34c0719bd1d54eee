//! How many statements a function has.

use syn::visit::{self, Visit};

const MOST_STATEMENTS: usize = 8;

/// The functions of `source` with too many statements, by name.
pub fn too_many_statements(source: &str) -> Vec<String> {
    let mut found = LongFunctions::default();
    found.visit_file(&syn::parse_file(source).expect("source that parses"));
    found.0
}

#[derive(Default)]
struct LongFunctions(Vec<String>);

impl LongFunctions {
    fn check(&mut self, name: &str, block: &syn::Block) {
        let statements = block.stmts.iter().map(weight).sum::<usize>();
        if statements > MOST_STATEMENTS {
            self.0.push(format!("{name} has {statements} statements"));
        }
    }
}

/// A tuple that is taken apart is as many statements as it has parts: else two statements could pass as one.
fn weight(statement: &syn::Stmt) -> usize {
    match statement {
        syn::Stmt::Local(syn::Local { pat: syn::Pat::Tuple(names), init: Some(init), .. }) => {
            match &*init.expr {
                syn::Expr::Tuple(values) if values.elems.len() == names.elems.len() => names.elems.len(),
                _ => 1,
            }
        }
        _ => 1,
    }
}

impl<'ast> Visit<'ast> for LongFunctions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.check(&item.sig.ident.to_string(), &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.check(&item.sig.ident.to_string(), &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        item.default.iter().for_each(|block| self.check(&item.sig.ident.to_string(), block));
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        if let syn::Expr::Block(body) = &*closure.body {
            self.check("a closure", &body.block);
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.check("an async block", &block.block);
        visit::visit_expr_async(self, block);
    }
}

#[test]
fn statements_are_counted_in_functions_methods_and_closures() {
    let nine = "a();".repeat(9);
    let source = format!("impl X {{ fn long() {{ {nine} }} }} fn short() {{ let f = || {{ {nine} }}; }}");
    assert_eq!(too_many_statements(&source), ["long has 9 statements", "a closure has 9 statements"]);
}

#[test]
fn a_tuple_that_is_taken_apart_counts_as_its_parts() {
    let source = format!("fn long() {{ let (a, b, c) = (x, y, z); {} }}", "a();".repeat(6));
    assert_eq!(too_many_statements(&source), ["long has 9 statements"]);
    assert!(too_many_statements(&source.replace("(x, y, z)", "f()")).is_empty());
}
