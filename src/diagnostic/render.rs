//! Shows diagnostics: on a terminal by miette, and as short lines. The only place that knows miette.
