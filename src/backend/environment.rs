//! What a program is told by variables: a base that all jobs of a run share, and what one adds to it.
//!
//! The base is put into the system's form once, not for each job. Knows nothing of what the variables mean.

use std::cmp::Ordering;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::Arc;

/// An environment. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    base: Arc<Vec<Variable>>,
    /// What is added, or said otherwise; few.
    own: Vec<Variable>,
}

/// A variable: its name, its value, and `NAME=VALUE` as the system wants it; none where that cannot be, for it holds a NUL byte.
#[derive(Clone, Debug)]
struct Variable {
    name: OsString,
    value: OsString,
    entry: Option<CString>,
}

impl Variable {
    fn new(name: OsString, value: OsString) -> Variable {
        Variable { entry: entry(&name, &value), name, value }
    }
}

/// `NAME=VALUE` as the system wants it, unless it holds a NUL byte.
pub fn entry(name: &OsStr, value: &OsStr) -> Option<CString> {
    let mut bytes = Vec::with_capacity(name.len() + value.len() + 2);
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(b'=');
    bytes.extend_from_slice(value.as_bytes());
    CString::new(bytes).ok()
}

impl Environment {
    /// The value of a variable.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        let find = |of: &[Variable]| place(of, name.as_ref()).ok();
        let own = find(&self.own).map(|at| &self.own[at]);
        own.or_else(|| find(&self.base).map(|at| &self.base[at])).map(|variable| variable.value.as_os_str())
    }

    /// Gives a variable a value.
    pub fn insert(&mut self, name: OsString, value: OsString) {
        set(&mut self.own, Variable::new(name, value));
    }

    /// The same with what is added to it in its base: for many to share.
    pub fn shared(mut self) -> Environment {
        if !self.own.is_empty() {
            let base = Arc::make_mut(&mut self.base);
            self.own.drain(..).for_each(|variable| set(base, variable));
        }
        self
    }

    /// Only the variables whose name is wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&OsStr) -> bool) {
        self.own.retain(|variable| is_wanted(&variable.name));
        Arc::make_mut(&mut self.base).retain(|variable| is_wanted(&variable.name));
    }

    /// The variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables().map(|variable| (variable.name.as_os_str(), variable.value.as_os_str()))
    }

    /// The variables as the system wants them, and by name those that it cannot be given.
    pub fn entries(&self) -> impl Iterator<Item = (&OsStr, Option<&CStr>)> {
        self.variables().map(|variable| (variable.name.as_os_str(), variable.entry.as_deref()))
    }

    /// Both lists are sorted: they are gone through side by side.
    fn variables(&self) -> impl Iterator<Item = &Variable> {
        let (mut base, mut own) = (self.base.iter().peekable(), self.own.iter().peekable());
        std::iter::from_fn(move || match (base.peek(), own.peek()) {
            (Some(shared), Some(added)) => match shared.name.cmp(&added.name) {
                Ordering::Less => base.next(),
                Ordering::Equal => {
                    base.next();
                    own.next()
                }
                Ordering::Greater => own.next(),
            },
            (Some(_), None) => base.next(),
            (None, _) => own.next(),
        })
    }

    /// How many there are, at most.
    pub fn len(&self) -> usize {
        self.base.len() + self.own.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a variable stands in a sorted list, or would.
fn place(variables: &[Variable], name: &OsStr) -> Result<usize, usize> {
    variables.binary_search_by(|variable| variable.name.as_os_str().cmp(name))
}

/// Puts a variable into a sorted list, in the place of one with its name.
fn set(variables: &mut Vec<Variable>, variable: Variable) {
    match place(variables, &variable.name) {
        Ok(at) => variables[at] = variable,
        Err(at) => variables.insert(at, variable),
    }
}

impl FromIterator<(OsString, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(variables: I) -> Environment {
        let mut environment = Environment::default();
        environment.extend(variables);
        environment.shared()
    }
}

impl Extend<(OsString, OsString)> for Environment {
    fn extend<I: IntoIterator<Item = (OsString, OsString)>>(&mut self, variables: I) {
        for (name, value) in variables {
            self.insert(name, value);
        }
    }
}

/// A text without a NUL byte as the system wants it.
pub fn c_string(text: &OsStr) -> Result<CString, String> {
    CString::new(text.to_owned().into_vec())
        .map_err(|_| "an argument holds a NUL byte, which no program can be given".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_hides_what_is_shared_and_leaves_it_alone() {
        let text = OsString::from;
        let base: Environment = [(text("A"), text("1")), (text("B"), text("2"))].into_iter().collect();
        let mut own = base.clone();
        own.insert(text("A"), text("3"));
        own.insert(text("C"), text("4"));
        own.insert(text("0"), text("5"));
        let all: Vec<_> = own.entries().map(|(_, entry)| entry.unwrap().to_str().unwrap()).collect();
        assert_eq!(all, ["0=5", "A=3", "B=2", "C=4"]);
        assert_eq!(base.get("A"), Some(OsStr::new("1")));
        assert_eq!(own.clone().shared().get("C"), Some(OsStr::new("4")));
        own.retain(|name| name != "A");
        assert_eq!(own.get("A"), None);
        own.insert(text("D"), text("a\0b"));
        assert_eq!(own.entries().filter(|(_, entry)| entry.is_none()).count(), 1);
    }
}
