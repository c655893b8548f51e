//! The problem that the search solves: jobs with durations, an order among them, and capacities that they hold.
//!
//! The field calls it the resource-constrained project scheduling problem. It knows no plan: who builds one from a plan or
//! reads one from a file says what a job is.

/// Jobs, numbered so that each stands behind those that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// By job, how long it takes, in any unit.
    pub durations: Vec<u64>,
    /// By job, the jobs that must have ended before it starts: smaller numbers, each once.
    pub needs: Vec<Vec<u32>>,
    /// By job, the capacities that it holds while it runs, and how much of each: at least 1, at most what there is.
    pub demands: Vec<Vec<(u32, u32)>>,
    /// How much there is of each capacity.
    pub capacities: Vec<u32>,
}

impl Problem {
    /// How many jobs it has.
    pub fn len(&self) -> usize {
        self.durations.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.durations.is_empty()
    }

    /// By job, the longest chain of work before its start, and the longest behind its end.
    pub fn heads_and_tails(&self) -> (Vec<u64>, Vec<u64>) {
        let mut heads = vec![0u64; self.len()];
        let mut tails = vec![0u64; self.len()];
        for job in 0..self.len() {
            let end = |needed: &u32| heads[*needed as usize].saturating_add(self.durations[*needed as usize]);
            heads[job] = self.needs[job].iter().map(end).max().unwrap_or(0);
        }
        for job in (0..self.len()).rev() {
            let behind = tails[job].saturating_add(self.durations[job]);
            for needed in &self.needs[job] {
                let tail = &mut tails[*needed as usize];
                *tail = (*tail).max(behind);
            }
        }
        (heads, tails)
    }

    /// The longest chain: no schedule is shorter, however much there is of everything.
    pub fn critical_path(&self) -> u64 {
        let (heads, _) = self.heads_and_tails();
        let ends = heads.iter().zip(&self.durations).map(|(head, duration)| head.saturating_add(*duration));
        ends.max().unwrap_or(0)
    }

    /// What no schedule is shorter than: the critical path, and for each capacity the work of those that hold it, set
    /// between the least that comes before them and the least that comes behind.
    pub fn lower_bound(&self) -> u64 {
        let (heads, tails) = self.heads_and_tails();
        let mut users: Vec<Vec<(u64, u64, u128)>> = vec![Vec::new(); self.capacities.len()];
        for job in 0..self.len() {
            for (capacity, amount) in &self.demands[job] {
                let work = u128::from(self.durations[job]) * u128::from(*amount);
                if work > 0 {
                    users[*capacity as usize].push((heads[job], tails[job], work));
                }
            }
        }
        let mut bound = self.critical_path();
        for (users, capacity) in users.iter_mut().zip(&self.capacities) {
            // From the last that can start to the first: what starts no earlier than that has to be done behind it.
            users.sort_unstable_by_key(|(head, _, _)| std::cmp::Reverse(*head));
            let (mut sum, mut least_tail) = (0u128, u64::MAX);
            for (head, tail, work) in users {
                sum += *work;
                least_tail = least_tail.min(*tail);
                let time = sum.div_ceil(u128::from((*capacity).max(1)));
                let time = u64::try_from(time).unwrap_or(u64::MAX);
                bound = bound.max(head.saturating_add(time).saturating_add(least_tail));
            }
        }
        bound
    }
}
