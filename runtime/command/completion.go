package command

import (
	"fmt"
	"sort"
	"strings"

	"github.com/urfave/cli/v2"
)

func completionCommand(env *environment) *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "a completion script for bash, zsh or fish",
		ArgsUsage:   "bash|zsh|fish",
		Description: "bash: source <(volley completion bash); zsh: the same; fish: volley completion fish | source",
		Action: func(c *cli.Context) error {
			shells := map[string]func([]completion) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
			write := shells[c.Args().First()]
			if c.NArg() != 1 || write == nil {
				return usage("completion needs a shell: bash, zsh or fish")
			}
			return printed(fmt.Fprint(env.Out, write(completions(c.App))))
		},
	}
}

// completion is a command with what may follow it.
type completion struct {
	name, usage string
	flags       []string // with dashes
	usages      []string
}

func completions(app *cli.App) []completion {
	var out []completion
	for _, c := range app.VisibleCommands() {
		one := completion{name: c.Name, usage: c.Usage}
		for _, f := range c.Flags {
			if f.Names()[0] == cli.HelpFlag.Names()[0] {
				continue // urfave/cli adds it to the command that runs
			}
			one.flags = append(one.flags, "--"+f.Names()[0])
			if d, ok := f.(cli.DocGenerationFlag); ok {
				one.usages = append(one.usages, d.GetUsage())
			} else {
				one.usages = append(one.usages, "")
			}
		}
		one.flags, one.usages = append(one.flags, "--help"), append(one.usages, "show help")
		out = append(out, one)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

func commandNames(list []completion) string {
	var names []string
	for _, c := range list {
		names = append(names, c.name)
	}
	return strings.Join(names, " ")
}

func bashCompletion(list []completion) string {
	var b strings.Builder
	b.WriteString("_volley() {\n  local cur=${COMP_WORDS[COMP_CWORD]}\n  COMPREPLY=()\n")
	fmt.Fprintf(&b, "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return; fi\n", commandNames(list))
	b.WriteString("  case \"$cur\" in\n    -*) case \"${COMP_WORDS[1]}\" in\n")
	for _, c := range list {
		fmt.Fprintf(&b, "      %s) COMPREPLY=($(compgen -W \"%s\" -- \"$cur\"));;\n", c.name, strings.Join(c.flags, " "))
	}
	b.WriteString("    esac;;\n    *) if [ \"${COMP_WORDS[1]}\" = completion ]; then COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$cur\")); return; fi\n")
	b.WriteString("       COMPREPLY=($(compgen -f -- \"$cur\"));;\n  esac\n}\n")
	b.WriteString("complete -o filenames -F _volley volley\n")
	return b.String()
}

func zshCompletion(list []completion) string {
	return "autoload -U +X bashcompinit && bashcompinit\n" + bashCompletion(list)
}

func fishCompletion(list []completion) string {
	var b strings.Builder
	for _, c := range list {
		fmt.Fprintf(&b, "complete -c volley -n __fish_use_subcommand -a %s -d %s\n", c.name, fishQuote(c.usage))
		for i, f := range c.flags {
			fmt.Fprintf(&b, "complete -c volley -n '__fish_seen_subcommand_from %s' -l %s -d %s\n",
				c.name, strings.TrimPrefix(f, "--"), fishQuote(c.usages[i]))
		}
	}
	return b.String()
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
