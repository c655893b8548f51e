//! The order graph to steps: topologically sorted, each edge once.

use super::{Lower, Made};
use crate::check::model::NodeId;
use crate::check::order::{Order, Source, Vertex, VertexId, VertexKind};
use crate::plan::{Need, NeedSource, Step, StepId, StepKind, Steps};
use crate::syntax::ast::AfterMode;
use std::collections::HashSet;

impl Lower<'_, '_> {
    /// Takes the order apart: of a large plan it takes as much memory as its tasks will.
    pub(super) fn steps(&mut self, mut order: Order) {
        let mut in_cleanup = vec![false; self.model.nodes.len()];
        for id in self.model.node_ids() {
            let node = self.model.node(id);
            let outer = node.parent.is_some_and(|parent| in_cleanup[parent.index()]);
            in_cleanup[id.index()] = outer || node.kind.is_cleanup();
        }
        let mut ids: Vec<Option<StepId>> = vec![None; order.vertices.len()];
        self.plan.steps.reserve_exact(order.sorted.len());
        for at in &order.sorted {
            let vertex = order.vertices[at.index()].take();
            if in_cleanup[vertex.node.index()] {
                continue;
            }
            let Some(kind) = self.step_kind(vertex.node, vertex.kind) else { continue };
            let group = match self.made[vertex.node.index()] {
                Made::Group(group) => group,
                _ => self.group_around(vertex.node),
            };
            let needs = needs(&vertex, &ids);
            ids[at.index()] = Some(StepId(self.plan.steps.len() as u32));
            self.plan.steps.push(Step { kind, group, needs });
        }
        let step = |vertex: &VertexId| ids.get(vertex.index()).copied().flatten();
        self.first = order.first.iter().map(step).collect();
    }

    fn step_kind(&self, node: NodeId, kind: VertexKind) -> Option<StepKind> {
        Some(match (self.made[node.index()], kind) {
            (Made::Group(group), VertexKind::Enter) => StepKind::Enter(group),
            (Made::Group(group), VertexKind::Success) => StepKind::Success(group),
            (Made::Group(group), VertexKind::Leave) => StepKind::Leave(group),
            (Made::Task(task), _) => StepKind::Task(task),
            (Made::Gate(gate), _) => StepKind::Gate(gate),
            _ => return None,
        })
    }
}

/// The needs of a step, one a step that it waits for: what the author wrote counts before what follows from the layout.
fn needs(vertex: &Vertex, ids: &[Option<StepId>]) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::with_capacity(vertex.edges.len());
    // Only what is written can name a step twice: the edges of the layout are each there once.
    let mut written = Written::default();
    for level in [Source::After, Source::Output, Source::Sequence, Source::Group] {
        for edges in vertex.needs().filter(|edges| edges[0].source == level) {
            let mut on = edges.iter().filter_map(|edge| ids[edge.to.index()]);
            let source = match level {
                Source::Group => NeedSource::Group,
                Source::Sequence => NeedSource::Sequence,
                Source::After => NeedSource::After,
                Source::Output => NeedSource::Output,
            };
            match edges[0].mode {
                AfterMode::Any => {
                    let on: Steps = on.collect();
                    if !on.is_empty() {
                        needs.push(Need::AnySucceeded(on));
                    }
                }
                AfterMode::Finished => needs.extend(on.next().map(Need::Finished)),
                AfterMode::All => {
                    let Some(step) = on.next() else { continue };
                    let is_new = match level {
                        Source::After | Source::Output => written.insert(step),
                        _ => !written.contains(step),
                    };
                    if is_new {
                        needs.push(Need::Succeeded(step, source));
                    }
                }
            }
        }
    }
    needs.shrink_to_fit();
    needs
}

/// The steps that are written: mostly a few.
#[derive(Default)]
struct Written {
    few: Vec<StepId>,
    /// All of them, where there are more than a few.
    all: HashSet<StepId>,
}

impl Written {
    /// So many are looked through one by one.
    const FEW: usize = 16;

    fn contains(&self, step: StepId) -> bool {
        if self.few.len() < Self::FEW { self.few.contains(&step) } else { self.all.contains(&step) }
    }

    /// Whether it was not among them.
    fn insert(&mut self, step: StepId) -> bool {
        if self.contains(step) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(step);
            if self.few.len() == Self::FEW {
                self.all.extend(&self.few);
            }
            return true;
        }
        self.all.insert(step)
    }
}
