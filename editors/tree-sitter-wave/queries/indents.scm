(body) @indent.begin
(body "}" @indent.branch @indent.end)
(program) @indent.begin
(program "]" @indent.branch @indent.end)
[(comment) (doc_comment)] @indent.auto
[(block_string) (block_literal)] @indent.ignore
