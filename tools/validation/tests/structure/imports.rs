//! Which file uses what of which other file, found from the paths in the code.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use crate::modules::{Package, SourceFile};

type Module = Vec<String>;

/// Users of each module: who takes something that the module defines.
type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// A library as a set of modules, each with the names that it takes over from others.
struct Library<'a> {
    files: BTreeMap<Module, &'a SourceFile>,
    /// For each module: a name, and the path that it stands for.
    reexports: BTreeMap<Module, BTreeMap<String, Vec<String>>>,
}

/// The groups of files that import each other.
pub fn circles(package: &Package) -> Vec<String> {
    let graph = Library::of(package).uses();
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        graph.keys().map(|module| (module, reachable(&graph, module))).collect();
    let mut found = BTreeSet::new();
    for (module, reached) in &reach {
        let circle: BTreeSet<String> = reached
            .iter()
            .filter(|other| reach[**other].contains(*module))
            .map(|other| other.join("::"))
            .collect();
        if reached.contains(module) {
            found.insert(circle.into_iter().collect::<Vec<_>>().join(" <-> "));
        }
    }
    found.into_iter().collect()
}

/// The files of fewer than `fewest` lines, without modules below, that one other file alone takes something of.
pub fn small_with_one_user(package: &Package, fewest: usize) -> Vec<String> {
    let library = Library::of(package);
    let uses = library.uses();
    let users_of =
        |module: &Module| uses.iter().filter(|(user, used)| *user != module && used.contains(module)).count();
    let has_children = |module: &Module| {
        library.files.keys().any(|other| other.len() > module.len() && other.starts_with(module))
    };
    let small = library.files.iter().filter(|(module, file)| {
        !module.is_empty()
            && file.source.lines().count() < fewest
            && !has_children(module)
            && users_of(module) <= 1
    });
    small
        .map(|(_, file)| format!("{} has {} lines", file.path.display(), file.source.lines().count()))
        .collect()
}

fn reachable<'a>(graph: &'a Graph, from: &Module) -> BTreeSet<&'a Module> {
    let (mut seen, mut open): (BTreeSet<&Module>, Vec<&Module>) =
        (BTreeSet::new(), graph.get(from).into_iter().flatten().collect());
    while let Some(module) = open.pop() {
        if seen.insert(module) {
            open.extend(graph.get(module).into_iter().flatten());
        }
    }
    seen
}

impl<'a> Library<'a> {
    fn of(package: &'a Package) -> Self {
        let files: BTreeMap<Module, &SourceFile> =
            package.files.iter().filter_map(|file| Some((file.module.clone()?, file))).collect();
        let reexports =
            files.iter().map(|(module, file)| (module.clone(), Paths::of(file).reexports)).collect();
        Self { files, reexports }
    }

    /// What each module takes of which others.
    fn uses(&self) -> Graph {
        let used = |module: &Module, file: &SourceFile| {
            let paths = Paths::of(file).paths;
            let defining = paths.iter().filter_map(|path| self.defining(module, path, 8));
            defining.filter(|other| other != module).collect()
        };
        self.files.iter().map(|(module, file)| (module.clone(), used(module, file))).collect()
    }

    /// The module that defines what `path` means in `module`, following what is only passed on.
    fn defining(&self, module: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (mut at, rest) = self.absolute(module, path)?;
        let mut rest = rest.iter();
        let mut name = rest.next()?;
        while self.files.contains_key(&[at.clone(), vec![name.clone()]].concat()) {
            at.push(name.clone());
            match rest.next() {
                Some(next) => name = next,
                None => return Some(at),
            }
        }
        match self.reexports.get(&at).and_then(|names| names.get(name)) {
            Some(path) if depth > 0 => self.defining(&at, path, depth - 1),
            _ => Some(at),
        }
    }

    /// The module that `path` starts from, and what follows it; `None` for paths into other packages.
    fn absolute<'p>(&self, module: &Module, path: &'p [String]) -> Option<(Module, &'p [String])> {
        let parents = path.iter().take_while(|part| *part == "super").count();
        match path.first()?.as_str() {
            "crate" => Some((Vec::new(), &path[1..])),
            "self" => Some((module.clone(), &path[1..])),
            "super" if parents <= module.len() => {
                Some((module[..module.len() - parents].to_vec(), &path[parents..]))
            }
            child if self.files.contains_key(&[module.clone(), vec![child.to_owned()]].concat()) => {
                Some((module.clone(), path))
            }
            _ => None,
        }
    }
}

/// The paths in a file's code, tests left out.
#[derive(Default)]
struct Paths {
    paths: Vec<Vec<String>>,
    reexports: BTreeMap<String, Vec<String>>,
}

impl Paths {
    fn of(file: &SourceFile) -> Self {
        let mut paths = Self::default();
        paths.visit_file(&syn::parse_file(&file.source).expect("source that parses"));
        paths
    }

    fn add_use(&mut self, tree: &syn::UseTree, before: &[String], passes_on: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_use(&path.tree, &with(&path.ident), passes_on),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_use(tree, before, passes_on));
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.add_leaf(before.last().cloned(), before.to_vec(), passes_on);
            }
            syn::UseTree::Name(name) => {
                self.add_leaf(Some(name.ident.to_string()), with(&name.ident), passes_on);
            }
            syn::UseTree::Rename(rename) => {
                self.add_leaf(Some(rename.rename.to_string()), with(&rename.ident), passes_on);
            }
            syn::UseTree::Glob(_) => self.paths.push(before.to_vec()),
        }
    }

    /// A name that is taken over is looked up where it is used through this module; only one that is not public is a
    /// use of its own.
    fn add_leaf(&mut self, name: Option<String>, path: Vec<String>, passes_on: bool) {
        self.reexports.extend(name.map(|name| (name, path.clone())));
        if !passes_on {
            self.paths.push(path);
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.add_use(&item.tree, &[], !matches!(item.vis, syn::Visibility::Inherited));
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(files: &[(&[&str], &str)]) -> Package {
        let file = |(module, source): &(&[&str], &str)| SourceFile {
            path: module.join("/").into(),
            source: (*source).to_owned(),
            module: Some(module.iter().map(|part| (*part).to_owned()).collect()),
        };
        Package { name: "p".to_owned(), files: files.iter().map(file).collect() }
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let package = library(&[
            (&["a"], "mod b; mod c; pub use b::B;"),
            (&["a", "b"], "use super::c::f; pub struct B;"),
            (&["a", "c"], "pub fn f(b: crate::a::B) {}"),
        ]);
        assert_eq!(circles(&package), ["a::b <-> a::c"]);
    }

    #[test]
    fn what_a_module_passes_on_and_what_tests_use_is_no_circle() {
        let package = library(&[
            (&["a"], "mod b; pub use b::B; pub fn f() {}"),
            (&["a", "b"], "use super::f; pub struct B; #[cfg(test)] mod tests { use crate::c::x; }"),
            (&["c"], "use crate::a::B; pub fn x() {}"),
        ]);
        assert!(circles(&package).is_empty());
    }

    #[test]
    fn a_small_file_with_one_user_is_found() {
        let package = library(&[
            (&["a"], "use crate::b::B; use crate::c::C;"),
            (&["b"], "pub struct B;"),
            (&["c"], "pub struct C;"),
            (&["d"], "use crate::c::C; \n pub struct D;"),
        ]);
        let found = small_with_one_user(&package, 2);
        assert!(
            found.contains(&"b has 1 lines".to_owned()) && !found.iter().any(|it| it.starts_with("c ")),
            "{found:?}"
        );
    }
}
