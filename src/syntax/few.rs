//! A list that mostly has nothing in it, and is then as small as a pointer: a large tree has a hundred thousand of each.
//!
//! Read as a slice. Knows no tree.

use std::ops::Deref;

/// A list that mostly has nothing in it.
#[derive(Clone)]
pub struct Few<T>(Option<Box<List<T>>>);

/// The list where there is something in it.
#[derive(Clone)]
struct List<T>(Vec<T>);

impl<T> Few<T> {
    /// Adds one at the end.
    pub fn push(&mut self, value: T) {
        self.0.get_or_insert_with(|| Box::new(List(Vec::with_capacity(1)))).0.push(value);
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, count: usize) {
        if count > 0 {
            self.0.get_or_insert_with(|| Box::new(List(Vec::new()))).0.reserve_exact(count);
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Few<T> {
        Few(None)
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(list: Vec<T>) -> Few<T> {
        Few((!list.is_empty()).then(|| Box::new(List(list))))
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_ref().map_or(&[], |list| &list.0)
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl<'f, T> IntoIterator for &'f Few<T> {
    type Item = &'f T;
    type IntoIter = std::slice::Iter<'f, T>;

    fn into_iter(self) -> std::slice::Iter<'f, T> {
        self.iter()
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}
