// Colours for `wave` blocks and for commands at a prompt, in the manner of the book's own highlighter.
(() => {
  const words =
    "plan use param agent secret resource criterion assert preflight wave parallel serial for task gate success rollback " +
    "finally run prompt wait approve reads writes creates appends forbids except after any finished overlaps estimate " +
    "timeout retries backoff feedback uses env directory when tags output from id priority check runs exits prints within " +
    "exists missing contains lacks in value of at judged by manual on failure no-go stop cancel continue skip to retry up " +
    "otherwise workers isolation shared worktree copy budget cost shell because driver model instructions allow deny " +
    "instances nothing makespan speedup before alongside one may change title file";
  const hole = { className: "subst", begin: /\{\{/, end: /\}\}/ };
  hljs.registerLanguage("wave", () => ({
    keywords: { $pattern: /[a-z][a-z-]*/, keyword: words, literal: "true false" },
    contains: [
      { className: "string", begin: /"""/, end: /"""/, contains: [hole, { begin: /\\./ }] },
      { className: "string", begin: /'''/, end: /'''/ },
      { className: "string", begin: /"/, end: /"/, contains: [hole, { begin: /\\./ }] },
      { className: "string", begin: /'/, end: /'/ },
      { className: "comment", begin: /#/, end: /$/ },
      { className: "number", begin: /\$?\b\d+(\.\d+)?(ms|s|m|h|d|k|M|%)?\b/ },
      hole,
      { begin: /[A-Za-z_][\w-]*-\{\{/, returnBegin: true, contains: [hole] },
    ],
  }));
  hljs.registerLanguage("console", () => ({
    contains: [{ className: "meta", begin: /^\$ /, starts: { className: "strong", end: /$/ } }],
  }));
  for (const block of document.querySelectorAll("code")) {
    const language = /\blanguage-(wave|console)\b/.exec(block.className)?.[1];
    if (!language) continue;
    block.innerHTML = hljs.highlight(language, block.textContent).value;
    block.classList.add("hljs");
  }
})();
