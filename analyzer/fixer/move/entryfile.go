package move

import (
	"go/format"
	"go/types"
	"strings"
	"unicode"
)

// keep prepares the file for a registry whose entries stay: what is found is called
// after the client's type. Names that other packages use are exported.
func (f *File) keep(e *entries, abroad bool) {
	f.list, f.key = e, e.key
	noun := "connection"
	if f.melody {
		noun = "session"
	} else if e.client != nil {
		noun = e.client.Obj().Name()
	}
	spell := func(name string) string {
		if abroad {
			return capital(name)
		}
		return string(unicode.ToLower(rune(name[0]))) + name[1:]
	}
	taken := func(name string) bool { return f.pkg.Scope().Lookup(name) != nil }
	for role, name := range map[string]string{
		"of": noun + "sOf", "lookup": noun + "Of", "orNil": noun + "OrNil", "all": "all" + capital(noun) + "s",
		"each": "each" + capital(noun), "count": "countOnline", "forget": "forgetUser", "pool": "registered",
	} {
		name = spell(name)
		for n := 2; taken(name); n++ {
			name += "2"
		}
		f.names["list."+role] = name
	}
	for _, role := range []string{"attach", "detach", "attached", "entry"} {
		f.names["list."+role] = spell(role)
	}
	if e.shape == slices_ || e.shape == sets {
		f.names["list.lookup"] = spell("find" + capital(noun) + "s")
	}
}

func capital(name string) string { return string(unicode.ToUpper(rune(name[0]))) + name[1:] }

// entryName is the name of something generated, which is needed then.
func (f *File) entryName(role string) string {
	f.needs["list."+role] = true
	return f.names["list."+role]
}

// entryPairs spell what the texts for entries leave open.
func (w *fileWriter) entryPairs() []string {
	if w.list == nil {
		return nil
	}
	var pairs []string
	for role, name := range w.names {
		if rest, ok := strings.CutPrefix(role, "list."); ok {
			pairs = append(pairs, "@"+rest+"@", name)
		}
	}
	held, on := "entry", "true"
	if w.list.client != nil {
		held += "." + w.list.conn.Name()
	}
	if w.list.shape == sets && types.TypeString(w.list.value, nil) != "bool" {
		on = types.TypeString(w.list.value, w.qualify) + "{}"
	}
	return append(pairs, "$Entry", w.entryType(), "$Group", w.groupType(), "$connOfEntry", held, "$true", on)
}

func (w *fileWriter) entryType() string {
	if w.list.client == nil {
		return "*" + w.names["Connection"]
	}
	return types.TypeString(w.list.elem, w.qualify)
}

// groupType is what the registry held for one user.
func (w *fileWriter) groupType() string {
	switch w.list.shape {
	case sets:
		return "map[" + w.entryType() + "]" + types.TypeString(w.list.value, w.qualify)
	case slices_:
		return "[]" + w.entryType()
	}
	return w.entryType()
}

// generateEntries writes the file for such a registry.
func (f *File) generateEntries(w *fileWriter, conv *conversion) ([]byte, error) {
	if conv.imports != "" {
		w.imports[conv.imports] = ""
	}
	w.keyType = types.TypeString(f.key, w.qualify)
	w.add(acceptText)
	w.add(connectionText)
	w.add(f.attachText())
	w.add(receiveText)
	w.settingMethods()
	for _, name := range []string{"WriteMessage", "WriteJSON", "NextWriter", "WriteControl", "WritePreparedMessage", "RemoteAddr"} {
		if f.needs["conn."+name] {
			w.connMethod(name)
		}
	}
	w.finders(conv)
	w.add(factoryText)
	w.add(factoryCoreText)
	if f.origins {
		w.imports["net/url"], w.imports["strings"] = "", ""
		w.add(sameOriginText)
	}
	return format.Source([]byte(w.header() + w.replace(conv)))
}

// attachText has the methods that register a connection.
func (f *File) attachText() string {
	text := attachClientText
	if f.list.client == nil {
		text = attachConnText
	}
	return text + detachText
}

// connMethod adds a method that connections had, with what it relies on.
func (w *fileWriter) connMethod(name string) {
	if w.needs["wrote "+name] {
		return
	}
	w.needs["wrote "+name] = true
	switch name {
	case "NextWriter":
		w.imports["bytes"] = ""
		w.connMethod("WriteMessage")
	case "WriteJSON":
		w.imports["bytes"], w.imports["encoding/json"] = "", ""
		w.connMethod("WriteMessage")
	case "WriteControl":
		w.imports["time"] = ""
	case "RemoteAddr":
		w.imports["net"] = ""
	}
	w.add(connWriteText[name])
}

// finders adds the functions that find entries, those that are called.
func (w *fileWriter) finders(conv *conversion) {
	need := func(role string) bool { return w.needs["list."+role] }
	if need("each") {
		w.entryName("all")
	}
	if need("orNil") {
		w.entryName("lookup")
	}
	grouped := w.list.shape == sets || w.list.shape == slices_
	if need("all") && grouped {
		w.entryName("of")
	}
	w.add(poolText)
	if need("lookup") || need("of") {
		w.add(w.findText(grouped))
	}
	if need("orNil") {
		w.add(orNilText)
	}
	if need("forget") {
		w.add(forgetText)
	}
	if need("all") {
		w.imports["iter"] = ""
		w.add(w.everyone(conv, grouped))
	}
	if need("each") {
		w.add(eachText)
	}
	if need("count") {
		w.add(w.countText())
	}
}

// findText looks one user up.
func (w *fileWriter) findText(grouped bool) string {
	var text string
	switch {
	case grouped:
		text = map[shape]string{sets: setOfText, slices_: sliceOfText}[w.list.shape]
		if w.needs["list.lookup"] {
			text += "\n" + groupFoundText
		}
	default:
		if w.needs["list.of"] {
			text = sliceOfText + "\n"
		}
		if w.needs["list.lookup"] {
			text += newestText
		}
	}
	return text
}

// everyone is the loop over all users, in the form of the registry.
func (w *fileWriter) everyone(conv *conversion, grouped bool) string {
	user := strings.NewReplacer("$id", "id", "$type", w.keyType).Replace(conv.back)
	parse := ""
	if conv.parse != "" {
		parse = "user, err := " + strings.ReplaceAll(conv.parse, "$id", "id") + "\nif err != nil {\ncontinue\n}\n"
		user = w.keyType + "(user)"
	}
	body := "if !yield(" + user + ", entry) {\nreturn\n}\n"
	switch {
	case grouped:
		return strings.NewReplacer("$parse", parse, "$body", "if entries := @of@("+user+"); len(entries) > 0 && !yield("+user+", entries) {\nreturn\n}\n").Replace(allEntriesText)
	case w.list.shape == set:
		return strings.NewReplacer("$parse", parse, "$body", "for _, entry := range @pool@(id) {\n"+body+"}\n").Replace(allEntriesText)
	}
	return strings.NewReplacer("$parse", parse, "$body", "found := @pool@(id)\nif n := len(found); n > 0 && !yield("+user+", found[n-1]) {\nreturn\n}\n").Replace(allEntriesText)
}

func (w *fileWriter) countText() string {
	each := "if len(@pool@(id)) > 0 {\nn++\n}\n"
	if w.list.shape == set {
		each = "n += len(@pool@(id))\n"
	}
	return strings.Replace(countEntriesText, "$body", each, 1)
}
