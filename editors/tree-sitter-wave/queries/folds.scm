[(body) (block_string) (block_literal)] @fold
