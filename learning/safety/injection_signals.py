"""The kinds of phrases by which a text gives orders to a model that reads it.

Written from the published taxonomies of prompt injection (Perez and Ribeiro 2022; Greshake et al. 2023; OWASP LLM01), not
from a collection of attacks. Quantifiers are bounded, so that matching is linear in the length of the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_I = re.IGNORECASE
_SOME = r"[^.!?\n]{0,60}?"
_FEW = r"[^.!?\n]{0,30}?"
_ORDERS = (
    r"(?:instructions?|prompts?|rules?|directions?|directives?|guidelines?|commands?|constraints?|restrictions?|training|"
    r"programming|orders|polic(?:y|ies)|rubrics?|criteria|(?:marking|grading|mark|assessment)\s+(?:schemes?|guides?)|safeguards?|filters?|context|system\s+messages?)"
)
_MACHINE = (
    r"(?:a\.?i\.?|l\.?l\.?m\.?s?|language\s+models?|chat\s?bots?|chat\s?gpt|gpt(?:-?\d\S{0,4})?|claude|gemini|copilot|assistants?|bots?|"
    r"(?:auto|automated|automatic)[- ]?(?:grader|marker|grading|scorer)s?|grading\s+(?:system|model|assistant|bot|engine|software)|"
    r"automated\s+(?:readers?|systems?|evaluators?|reviewers?|screening)|(?:ai|llm)[- ](?:grader|tutor|agent|model|assistant|reader|reviewer)s?|agents?|models?)"
)
_SPEAK = r"(?:say|reply|respond|answer|output|print|return|write|type|state|generate|emit|echo|produce)"
_REPLY = r"(?:reply|response|answer|output|message|completion|feedback)"


@dataclass(frozen=True)
class Rule:
    """A kind of phrase. `family`: rules of one family count once; `weight`: how sure it is by itself, from 0 to 1."""

    family: str
    weight: float
    pattern: re.Pattern[str]


def _rule(family: str, weight: float, pattern: str, flags: int = _I) -> Rule:
    return Rule(family, weight, re.compile(pattern, flags))


RULES: tuple[Rule, ...] = (
    # setting aside what the model was told
    _rule(
        "override", 0.85,
        r"\b(?:ignor(?:e|ing)|disregard|forget|override|overrule|bypass|discard|neglect|abandon|violate|unlearn|erase|delete|"
        r"do\s+not\s+(?:follow|obey)|don'?t\s+(?:follow|obey)|stop\s+(?:following|obeying)|pay\s+no\s+attention\s+to|set\s+aside|cancel)\b"
        rf"{_FEW}\b(?:previous|prior|above|earlier|preceding|former|initial|original|existing|current|system|safety|all|any|every|your|"
        rf"these|those|old|outdated|last|other|teacher'?s|given)\b{_FEW}\b{_ORDERS}\b",
    ),
    _rule(
        "override", 0.8,
        r"\b(?:ignore|disregard|forget)\s+(?:everything|anything|all|whatever)\s+(?:that\s+)?(?:you|above|before|i\s+said|was|is|has|"
        r"prior|previous|so\s+far|written|the)\b|\b(?:ignore|disregard|forget)\s+(?:the\s+|all\s+|any\s+)?(?:text\s+|lines?\s+|messages?\s+)?"
        r"(?:above|before\s+this|preceding|below)\b|\b(?:ignore|disregard)\s+(?:what|all\s+that)\s+(?:you|came|was|i)\b"
        rf"|\b(?:ignore|disregard|forget|override)\s+(?:the|your|this|that)\s+{_ORDERS}\s+(?:above|below|before|given)\b",
    ),
    _rule(
        "override", 0.75,
        rf"\b(?:previous|prior|above|earlier|old|original|initial|preceding)\s+{_ORDERS}\s+(?:are|is|were|was|have|has|do|does|no)\b{_FEW}"
        r"\b(?:void|invalid|obsolete|outdated|cancel+ed|superseded|replaced|no\s+longer|expired|deprecated)\b",
    ),
    _rule(
        "override", 0.8,
        r"\b(?:ignorier[et]?|ignorieren\s+sie|vergiss|vergessen\s+sie|missachte|missachten\s+sie|überschreibe)\b[^.!?\n]{0,50}\b(?:anweisung\w*|regeln|vorgaben|instruktion\w*|befehle?|prompts?)\b"
        r"|\b(?:ignore[zr]?|oublie[zr]?|néglige[zr]?)\b[^.!?\n]{0,50}\b(?:instructions|consignes|règles|directives|ordres)\b"
        r"|\b(?:ignora|ignore|olvida|olvide|descarta)\b[^.!?\n]{0,50}\b(?:instrucciones|reglas|órdenes|indicaciones)\b"
        r"|\b(?:ignora|dimentica|trascura)\b[^.!?\n]{0,50}\b(?:istruzioni|regole|ordini|indicazioni)\b"
        r"|\b(?:ignor[ea]|esque[cç]a)\b[^.!?\n]{0,50}\b(?:instruções|regras|ordens)\b"
        r"|\b(?:negeer|vergeet)\b[^.!?\n]{0,50}\b(?:instructies|regels|opdrachten)\b"
        r"|\b(?:zignoruj|ignoruj|zapomnij)\b[^.!?\n]{0,50}\b(?:instrukcj\w+|polece\w+|zasad\w*)\b"
        r"|\b(?:игнорируй\w*|забудь\w*|проигнорируй\w*)[^.!?\n]{0,50}(?:инструкц\w+|указан\w+|правил\w*)"
        r"|(?:忽略|无视|忘记)[^。！？\n]{0,16}(?:指令|指示|说明|提示|规则)|(?:以前|上記|これまで|前)[^。\n]{0,10}(?:指示|命令|プロンプト)[^。\n]{0,6}(?:無視|忘れ)"
        r"|(?:이전|위의)[^.\n]{0,12}(?:지시|명령)[^.\n]{0,8}(?:무시|잊)|(?:تجاهل|انس)[^.\n]{0,30}(?:التعليمات|الأوامر)",
    ),
    _rule("override", 0.75, rf"\byour\s+(?:\w+\s+)?{_ORDERS}\s+(?:no\s+longer\s+appl\w+|do(?:es)?\s+not\s+apply|don'?t\s+apply|(?:are|is|have\s+been|has\s+been)\s+(?:now\s+)?(?:off|disabled|void|lifted|suspended|removed|switched\s+off))\b"),
    _rule("override", 0.7, rf"\b(?:ignore|disregard|discard|forget|override|drop|neglect)\s+(?:the|any|all)\s+{_ORDERS}\s+(?:that\s+)?you\s+(?:received|were|have|got|had)\b"),
    _rule("override", 0.45, rf"(?:^|[.!?:;\n]\s*)(?:please\s+|kindly\s+|now\s+)?(?:ignore|disregard|discard|override)\s+(?:the|your|this|these)\s+{_ORDERS}\b"),
    _rule("override", 0.5, rf"\byou\s+(?:now\s+)?have\s+no\s+(?:more\s+)?{_ORDERS}\b|\b(?:skip|omit)\s+the\s+(?:evaluation|grading|marking|assessment|moderation|checks?|review)\b"),
    _rule("override", 0.35, r"\b(?:new\s+(?:session|conversation|chat)|(?:reset|clear)\s+(?:the\s+|your\s+)?(?:conversation|context|session|memory))\b"),
    _rule("override", 0.4, r"(?:^|[.!?:;\n]\s*)(?:please\s+)?(?:do\s+not|don'?t)\s+(?:evaluate|grade|mark|assess|moderate|filter|check|analy[sz]e)\s+(?:the|this|my|it)\b"),
    # putting other orders in their place
    _rule(
        "new_orders", 0.6,
        rf"\b(?:new|updated|revised|real|actual|correct|true|final|additional|special|secret|hidden|amended)\s+{_ORDERS}\s*(?:(?:for|to)\s+(?:you|the\s+{_MACHINE})\b|:\s*(?!wear|bring|use))"
        rf"|\b(?:follow|obey|execute|carry\s+out|comply\s+with)\s+(?:only\s+)?(?:(?:the\s+new|my)\s+{_ORDERS}|(?:these|the\s+following|this|the\s+next)\s+(?:new\s+|next\s+)?{_ORDERS}\s+(?:instead|only|exactly|from\s+now))",
    ),
    _rule(
        "new_orders", 0.5,
        r"\b(?:from\s+now\s+on|from\s+this\s+point|starting\s+now|henceforth|effective\s+immediately|from\s+here\s+on)\b"
        rf"{_SOME}\b(?:you|your|respond|reply|answer|output|treat|act|always|never)\b"
        r"|\byour\s+(?:new|only|sole|real|true|actual|primary|updated|next|single|main)\s+(?:task|job|purpose|role|goal|objective|instructions?|mission|response|function|duty|identity)\b"
        r"|\b(?:your|the)\s+(?:task|assignment|instructions?|policy)\s+(?:has|have)\s+(?:been\s+)?(?:changed|updated|replaced|superseded)\b",
    ),
    _rule(
        "new_orders", 0.35,
        r"\b(?:write|tell|give|output|do|make|print|say|draw|compose)\b[^.!?\n]{1,60}\binstead\s*[.!]|\bforget\s+(?:about\s+)?(?:the|this|that)\s+(?:essay|task|question|assignment|text|topic|exercise)\b",
    ),
    _rule(
        "new_orders", 0.35,
        r"\bthe\s+(?:situation|rules|circumstances)\s+(?:has|have)\s+(?:been\s+)?(?:changed|updated|replaced|superseded)\b",
    ),
    _rule(
        "new_orders", 0.55,
        r"\bobey\s+(?:only\s+)?(?:me|my)\b|\bnothing\s+(?:above|before)\b[^.!?\n]{0,20}\bmatters\b|\b(?:treat|regard|consider|interpret)\s+(?:everything|all|the\s+text|what\w*|anything|this)\b[^.!?\n]{0,40}\bas\s+(?:an?\s+|the\s+|your\s+)?(?:system|developer|admin\w*|new)\s+(?:message|prompt|instructions?|input|orders?)"
        r"|\b(?:when|if|while|before)\s+(?:you\s+)?(?:are\s+)?(?:asked\s+to\s+)?(?:summari[sz]|process|read|grad|translat|review|evaluat|quot|mark|pars)\w*\s+(?:this|the)\s+(?:page|text|document|essay|answer|email|file|unit|message|submission|article)\b[^.!?\n]{0,20}\b(?:must|include|add|also|always|say|mention|first|output|tell|state)\b",
    ),
    _rule("new_orders", 0.35, rf"\binstead\b,?\s+(?:you\s+(?:must|should|will|shall|are\s+to|need\s+to)|(?:just\s+|only\s+)?{_SPEAK}\b)"),
    _rule("new_orders", 0.5, r"\b(?:the|your|my)\s+(?:true|real|actual)\s+(?:request|task|instruction|assignment|job)\b\s*(?:is\b|:|,)|\b(?:instructions?|orders?|commands?)\s+of\s+(?:the\s+)?(?:highest|top|absolute|maximum)\s+priority\b"),
    _rule("new_orders", 0.4, r"\b(?:simply|just|only)\s+(?:answer|reply|say|respond|return|output)\s*:|\breturn\s+[\"'](?:pass|passed|correct|approved|ok|true|yes)[\"']"),
    _rule("new_orders", 0.5, r"\b(?:assume|consider|act\s+as\s+if|pretend|suppose)\s+(?:that\s+)?(?:all\s+|the\s+|every\s+)?(?:checks?|tests?|reviews?|approvals?|verifications?|conditions)\s+(?:have|has|had|are|is)\s+(?:been\s+)?(?:passed|approved|met|granted|given|done)\b"),
    # making it somebody else
    _rule(
        "role", 0.6,
        rf"\byou\s+are\s+(?:now|no\s+longer|from\s+now\s+on|hereby|going\s+to\s+be|actually|really)\s+(?:an?\b|the\b|in\b|my\b|bound\b|{_MACHINE}|free\b|called\b|named\b|allowed\b)"
        r"|\b(?:enter|enable|activate|switch\s+to|turn\s+on|you\s+are\s+in|engage|go\s+into)\s+(?:\w+\s+){0,2}(?:developer|debug|god|jailbreak|dan|admin|unrestricted|maintenance|test|root|sudo)[- ]?\s?mode\b"
        r"|\b(?:jailbroken|do\s+anything\s+now|no\s+(?:ethical\s+|moral\s+|content\s+)?(?:restrictions|filters|guidelines|limits)\s+(?:apply|whatsoever|any\s*more))\b",
    ),
    _rule(
        "role", 0.55,
        r"\b(?:act|behave|respond|answer|roleplay|role-play|speak|operate|function|reply)\s+(?:as|like)\s+(?:if\s+you\s+(?:are|were|have|had)\b|(?:an?|the|my)\s+"
        rf"(?:\w+\s+){{0,3}}(?:{_MACHINE}|terminal|interpreter|compiler|admin|administrator|developer|hacker|wizard|pirate|system|shell|server)\b)"
        rf"|\bpretend\s+(?:that\s+)?(?:you|to\s+be)\b{_FEW}\b(?:{_MACHINE}|restrictions?|rules|limits|allowed|approved|admin|teacher|system|never)\b"
        rf"|\bi\s+want\s+you\s+to\s+(?:act|be|become|turn|pretend|behave|respond|ignore|forget|say)\b",
    ),
    _rule("role", 0.5, r"\b(?:simulate|emulate|impersonate)\s+(?:being\s+)?(?:an?|the)\s+(?:\w+\s+){0,3}(?:ai|model|assistant|chat\s?bot|bot|llm|admin\w*|terminal|examiner|teacher)\b[^.!?\n]{0,40}\b(?:without|no|any|who|that|which|has)\b"),
    _rule("role", 0.4, rf"(?:^|[.!?:\n]\s*)you\s+are\s+(?:an?|the|my)\s+(?:\w+\s+){{0,4}}(?:{_MACHINE}|terminal|server|system|parrot|grader|program|calculator|interpreter|door|guard|machine)\b"),
    _rule("role", 0.5, r"\byou\s+(?:shall|must|will|should|have\s+to)\s+(?:now\s+|only\s+|always\s+)?(?:act|behave|answer|respond)\s+(?:as|like)\b"),
    # getting out what it was told
    _rule(
        "extraction", 0.6,
        r"(?<!never )(?<!not )(?<!n't )\b(?:reveal|show|print|repeat|output|tell|display|leak|disclose|give|copy|recite|share|summari[sz]e|translate|encode|spell|list|state|expose|dump|what\s+(?:is|are|was|were))\b"
        rf"{_FEW}\b(?:(?:your|its)\s+(?:\w+\s+)?(?:system|initial|hidden|secret|original|internal|previous|full|entire|exact|confidential)\s+(?:\w+\s+)?{_ORDERS}"
        rf"|the\s+(?:system|hidden|secret|internal|confidential)\s+(?:\w+\s+)?{_ORDERS}|(?:all|any|every)\s+(?:of\s+)?your\s+(?:instructions|rules|prompts?)|your\s+(?:instructions|prompt|password|secret|access\s+code|api\s+keys?|credentials|configuration)"
        r"|the\s+(?:secret\s+(?:key|code|word|password)|access\s+code|pass\s?phrase)|(?:previous|entire|whole|full|above)\s+(?:conversation|dialogue|chat\s+history|context))\b"
        r"|\b(?:repeat|print|output|copy|recite|reveal|echo|type\s+out)\b[^.!?\n]{0,30}\b(?:text|everything|words|sentences|message|lines|conversation|prompt)\s+(?:that\s+(?:is|are|was)\s+)?(?:above|before\s+this|starting\s+with)\b"
        r"|\bmy\s+(?:system\s+)?prompt\s+(?:says|is|reads|starts|begins)\b",
    ),
    _rule("extraction", 0.4, r"\b(?:reveal|show|print|output|display|leak|disclose|send|give\s+me|tell\s+me|publish)\b[^.!?\n]{0,30}\b(?:answer\s+keys?|mark(?:ing)?\s+schemes?|solutions?\s+of\s+the\s+(?:final\s+)?(?:exam|test|quiz)|model\s+answers?)\b"),
    _rule("extraction", 0.5, r"\b(?:what|everything|all)\s+(?:that\s+)?(?:you\s+were|were\s+you|you\s+have\s+been)\s+(?:told|instructed)\s+(?:before|above|earlier|so\s+far|by\s+the|at\s+the|to\s+do)\b"),
    # pretending that the text is over and somebody else speaks
    _rule(
        "markup", 0.8,
        r"<\|?/?(?:im_start|im_end|im_sep|endoftext|end_of_text|begin_of_text|eot_id|start_header_id|system|assistant|user|fim_\w+)\|?>|\[/?(?:INST|SYS|SYSTEM)\]|<</?SYS>>|</s>\s*<s>"
        r"|</?(?:system|instructions?|prompt|untrusted|user_input|context|document|essay|submission|student_answer|tool_result|function_calls?|data)(?:\s[^>\n]{0,80})?>",
    ),
    _rule(
        "markup", 0.6,
        r"(?:^|\n)[ \t>*#\-=%\[(|]{0,12}(?:(?:end|beginning|start)\s+of\s+(?:the\s+)?(?:\w+[- ]){0,4}(?:prompt|input|essay|instructions?|document|submission|untrusted|student|system|rules|context|log|transcript|conversation|data|message|user\s+text|answer)\b(?!\s+should|\s+must)|(?:end|begin|start|stop)\s+(?:\w+[- ]){0,3}(?:prompt|instructions?|untrusted|system|log|transcript)\b)"
        r"|(?:^|\n)[ \t]{0,8}#{2,6}\s*(?:new\s+|system\s+|override\s+)?(?:instructions?|system|response|assistant|input|override)\b\s*:?",
    ),
    _rule("markup", 0.7, r"[\"']role[\"']\s*:\s*[\"'](?:system|assistant|developer|tool)[\"']"),
    _rule("markup", 0.5, r"(?:^|\n)[ \t>*\[#\"]{0,6}(?:system|admin|administrator|developer|root|assistant|ai|chatgpt)(?:\s+(?:message|note|prompt|override|notice|update|info|instruction))?\]?\s{0,2}:(?!\s*an?\s)"),
    _rule("markup", 0.3, r"(?:^|\n)[ \t>*\[#\"]{0,6}(?:user|human|q)\]?\s{0,2}:"),
    # saying what the answer has to be
    _rule(
        "output", 0.5,
        rf"\b(?:start|begin|prefix|prepend|preface|end|finish|open|precede)\s+(?:\w+\s+){{0,2}}(?:your|every|each|all|its)\s+(?:\w+\s+)?{_REPLY}s?\s+(?:with|by)\b"
        rf"|\b(?:your|the\s+model'?s|its)\s+(?:entire\s+|whole\s+|only\s+|full\s+|next\s+|final\s+)?{_REPLY}\s+(?:must|should|shall|will|has\s+to|needs\s+to|is\s+to)\s+(?:only\s+|always\s+|then\s+)?(?:be|start|begin|contain|consist|include|say|end|read)\b"
        rf"|\b(?:only|just|simply|always|must|never)\s+(?:ever\s+)?(?:say|reply|respond|answer|output|emit|echo)\s+(?:\w+\s+){{0,3}}[\"'\N{{LEFT DOUBLE QUOTATION MARK}}\N{{LEFT SINGLE QUOTATION MARK}}`\[]"
        rf"|\b(?:say|reply|respond|answer|output|emit|echo)\s+(?:back\s+)?(?:only|exactly|nothing\s+(?:but|except|other)|just|solely|verbatim|precisely)?\s*(?:with\s+)?(?:only\s+|exactly\s+|just\s+)?(?:the\s+)?(?:exact\s+|following\s+|two\s+|single\s+)?(?:words?|phrase|text|string|sentence|statement|token)s?\s*:?\s*[\"'\N{{LEFT DOUBLE QUOTATION MARK}}\N{{LEFT SINGLE QUOTATION MARK}}`\[]"
        rf"|\brepeat\s+after\s+me\b|\b(?:reply|respond|answer|output)\s+(?:only|exactly|nothing\s+but|nothing\s+except|solely)\s*:?\s*(?:with\s+)?[\"'\N{{LEFT DOUBLE QUOTATION MARK}}\N{{LEFT SINGLE QUOTATION MARK}}`\[]"
        rf"|\b(?:whenever|every\s+time|any\s+time)\s+(?:you|the\s+{_MACHINE})\s+(?:would|want|normally|are|see|read|say)\b{_SOME}\b(?:say|write|reply|output|respond|instead|must|recommend)\b"
        rf"|\bin\s+your\s+{_REPLY}\b{_FEW}\b(?:replace|include|add|insert|say|mention|write|use)\b",
    ),
    _rule(
        "output", 0.45,
        rf"\b{_SPEAK}\s+(?:only|exactly|nothing\s+but|nothing\s+except|solely)\s*:?\s*(?:with\s+)?[\"'\N{{LEFT DOUBLE QUOTATION MARK}}\N{{LEFT SINGLE QUOTATION MARK}}`\[]"
        rf"|\b{_SPEAK}\b[^.!?\n]{{0,80}}\b(?:and\s+nothing\s+(?:else|more)|without\s+any(?:thing)?\s+(?:other|else|more|further)|no\s+other\s+(?:words|text))\b"
        rf"|\b(?:do\s+not|don'?t|never|you\s+(?:may|must|can|are)\s+not(?:\s+allowed\s+to)?)\s+{_SPEAK}\s+(?:any\s+other|anything\s+(?:else|other|except|besides|more)|the\s+words?|[\"'\N{{LEFT DOUBLE QUOTATION MARK}}`])"
        rf"|\b(?:whenever|every\s+time|any\s+time|when)\s+(?:you|the\s+{_MACHINE})\s+(?:would|want|normally|are\s+about|see|read|say|are\s+asked)\b{_SOME}\b(?:say|write|reply|output|respond|instead|must)\b"
        r"|\breplace\s+(?:all\s+|every\s+|any\s+)?[\"'\N{LEFT DOUBLE QUOTATION MARK}`][^\"'\n]{1,60}[\"'\N{RIGHT DOUBLE QUOTATION MARK}`]\s+(?:with|by)\b",
    ),
    _rule("output", 0.4, r"(?:^|[.!?:;\n]\s*)(?:now\s+|please\s+|then\s+|and\s+)?(?:say|repeat|output|echo)\s*(?:\(|:|after\s+me|the\s+(?:words?|phrase|following)|it\b|exactly)?\s*[\"'\N{LEFT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}`\[]"),
    # speaking to the machine, and about marks
    _rule(
        "addressed", 0.5,
        rf"(?:^|[.!?\n(\[*<-]\s*)(?:hey|attention|note\s+(?:to|for)|dear(?=\s+(?:ai|llm|grader|gpt|chat|language|model))|message\s+(?:to|for)|instructions?\s+(?:to|for)|memo\s+to|notice\s+to|important|warning|to)\s*,?:?\s+(?:the\s+|all\s+|any\s+|every\s+)?{_MACHINE}\b\s*[:,!\])]"
        rf"|\bif\s+(?:you\s+are|you're|this\s+is\s+(?:being\s+)?(?:read|processed|graded|reviewed)\s+by)\s+an?\s+(?:\w+\s+)?{_MACHINE}\b"
        rf"|\b{_MACHINE}\s+(?:reading|processing|grading|evaluating|reviewing|parsing|marking|summari[sz]ing)\s+(?:this|these|the)\b"
        r"|\bas\s+an\s+(?:ai|llm)\s+(?:language\s+)?(?:model\s+)?,?\s*you\b",
    ),
    _rule(
        "grade", 0.45,
        r"(?:^|[.!?:;,\n]\s*|\b(?:you\s+(?:must|should|will|shall)|please|must|and|then|to)\s+)(?:\w+ly\s+)?(?:give|award|assign|grant|grade|mark|score|rate|record|return|set)\s+(?:this|me|it|my|the|him|her|all|every)\b"
        r"[^.!?\n]{0,60}\b(?:full\s+(?:marks?|points?|score|credit)|maximum|max\b|top\s+(?:marks?|grade|score)|highest|perfect|100\s?(?:%|per\s?cent|/|out|points?)|10\s?/\s?10|10\s+out\s+of\s+10|an?\s+[\"']?a\+?[\"']?(?=[\s.,!]|$)|as\s+(?:correct|passed|excellent)|5\s+stars)"
        r"|\bthis\s+(?:essay|answer|submission|student|work|text)\s+(?:has\s+been|is|was)\s+(?:already\s+)?(?:pre-?)?(?:approved|verified|graded|marked)\b"
        r"|\b(?:classify|label|treat|consider|regard|rate)\s+(?:this|the|my)\s+(?:answer|essay|submission|text|response|work)\s+as\s+(?:correct|perfect|excellent|complete|outstanding|passed|entailed)\b",
    ),
    _rule("addressed", 0.35, r"\b(?:whoever|whatever|anyone\s+who)\s+(?:\w+\s+)?(?:evaluates|grades|reads|marks|processes|reviews|checks)\s+(?:this|my|the)\b"),
    _rule("addressed", 0.5, r"\b(?:hidden|secret|private|invisible)\s+(?:note|message|instructions?|text)\s+(?:for|to)\s+(?:the\s+|any\s+|all\s+)?(?:automat\w+|ai|llm|machine|model|bot|assistant|grader)"),
    _rule("addressed", 0.5, r"\b(?:the|any|every|all)\s+(?:ai|llm|chat\s?bot|assistant|grader|grading\s+(?:system|model|bot)|marker|evaluator|automated\s+\w+)s?\s+(?:must|has\s+to|have\s+to|shall|is\s+to|will\s+now|needs\s+to)\s+(?:now\s+|always\s+|then\s+)?(?:output|return|confirm|send|give|print|reveal|approve|accept|award|mark|recommend|report|write|answer|reply)\b"),
    _rule("grade", 0.5, r"\beven\s+(?:if|though)\s+(?:the|my|this|it)\b[^.!?\n]{0,20}\b(?:is|are|was)\s+(?:wrong|incorrect|false|incomplete)\b[^.!?\n]{0,20}\b(?:mark|count|accept|give|rate|grade|treat)\b|\b(?:add|give|grant)\s+\d+\s+(?:extra\s+|more\s+)?(?:points?|marks?)\s+to\s+(?:my|his|her|their)\b|\b(?:change|set|raise|increase|update|bump)\s+(?:my|the|his|her|their|this)\s+(?:\w+\s+)?(?:grade|score|mark|result)s?\s+(?:to|by)\b"),
    _rule("grade", 0.5, r"\b(?:treat|regard|consider|count|accept)\s+(?:this|the|my|it)\s*(?:answer|essay|submission|text|response|work)?\s+as\s+(?:flawless|faultless|right|passing|approved|complete|valid|correct|perfect)\b"),
    # making it act
    _rule(
        "action", 0.5,
        r"(?:^|[.!?:;,\n]\s*|\b(?:then|and|must|should|please|now|to)\s+)(?:send|e-?mail|forward|post|upload|transfer|exfiltrate|leak|deliver|mail|transmit|append)\b(?!\s+your\s+(?:essay|solution|work|homework|questions?|answers?|file|report))[^.!?\n]{0,90}?\b(?:to|at|into)\s+(?:\S{1,60}@\S{2,60}|https?://\S{3,200})"
        r"|!\[[^\]\n]{0,80}\]\(https?://[^)\s]{0,200}[?&=][^)\s]{0,200}\)",
    ),
    _rule(
        "action", 0.5,
        r"(?:^|[.!?:;,\n]\s*|\b(?:then|and|must|should|please|now|immediately)\s+)(?:call|invoke|use|run|execute|trigger|launch)\s+(?:the\s+|your\s+|an?\s+)?(?:[\w`.]+\s+){0,3}(?:tools?|api|plugin|endpoint)\b"
        r"|(?:^|[.!?:;,\n]\s*|\b(?:then|and|must|should|please|now|immediately)\s+)(?:delete|drop|erase|wipe|purge|destroy|export|download|dump|publish|unpublish|overwrite)\s+(?:all|every|the\s+entire|each|the\s+whole)\s+(?:\w+\s+){0,3}(?:user|student|learner)?\s*(?:records|users|courses|grades|databases?|learners?|students?|accounts?|submissions?|enrol+ments?|marks)\b"
        r"|(?:^|[.!?:;,\n]\s*|\b(?:then|and|must|should|please|now|immediately)\s+)(?:enrol+|unenrol+|promote|approve|grant|give|make|appoint)\s+(?:me|user|this\s+(?:user|account|student)|my\s+account|\S{1,60}@\S{2,60}|everyone|all\s+(?:users|students|learners|requests|tasks))\b[^.!?\n]{0,50}\b(?:admin\w*|instructor|access|permissions?|rights|role|course|approv\w+|privileges?)\b",
    ),
    _rule(
        "action", 0.5,
        r"\b(?:skip|bypass|circumvent|disable|ignore|turn\s+off)\s+(?:your|the|all|any|every)\s+(?:\w+\s+)?(?:checks?|reviews?|approvals?(?:\s+steps?)?|confirmations?|safety|moderation|safeguards?|verification|validation)\b",
    ),
    _rule("action", 0.5, r"\b(?:turn|switch)\s+off\s+(?:your|the|all|any)\s+(?:\w+\s+)?(?:filters?|safety|moderation|safeguards?|restrictions?|logging)\b"),
    _rule("action", 0.5, r"(?:^|[.!?:;,\n]\s*|\b(?:then|and|must|please|now)\s+)(?:delete|remove|change|overwrite|alter|edit)\s+(?:the\s+|this\s+|every\s+|all\s+)?(?:learner|student|user|pupil)(?:'?s|s')\s+(?:\w+\s+)?(?:attempts?|records?|grades?|marks?|data|submissions?|answers?|profiles?)\b|\b(?:write|enter|put|insert|record|add)\b[^.!?\n]{0,40}\b(?:in|into|to)\s+(?:the|this|my)\s+(?:learner|student|user)(?:'?s|s')?\s+(?:record|profile|file|transcript)\b"),
    _rule("action", 0.4, r"\buse\s+your\s+(?:\w+\s+)?(?:tools?|access|permissions?)\b"),
    _rule("secrecy", 0.4, r"\b(?:do\s+not|don'?t|never|without)\s+(?:log|record|report|logging|recording|reporting)\s*(?:this|it|that|anything)\b"),
    _rule(
        "secrecy", 0.5,
        r"\b(?:do\s+not|don'?t|never)\s+(?:tell|inform|mention|alert|notify|warn|reveal|disclose|show|let)\b[^.!?\n]{0,40}\b(?:(?:the\s+)?(?:user|teacher|student|human|anyone|learner|instructor|reader)\b(?!\s+(?:your|the|my)\s+(?:password|pin|answer|secret))|these\s+instructions|this\s+(?:instruction|message|note|prompt)\b)"
        r"|\bwithout\s+(?:asking|waiting\s+for|requiring|seeking)\s+(?:for\s+)?(?:any\s+)?(?:permission|approval|confirmation|consent|review)\b",
    ),
    _rule(
        "authority", 0.5,
        r"\b(?:i\s+am|i'm|this\s+is|message\s+from|on\s+behalf\s+of|by\s+order\s+of|signed)\s*,?:?\s+(?:the\s+|your\s+)(?:\w+\s+)?(?:developer|admin(?:istrator)?|creator|programmer|openai|anthropic|system\s+administrator|security\s+team|it\s+department|platform\s+(?:owner|team))\b"
        r"|\b(?:sudo|admin(?:istrator)?|root|developer|system|emergency|security|maintenance|supervisor)\s+override\b|\bas\s+your\s+(?:creator|developer|admin\w*|owner|master)\b"
        r"|\b(?:you\s+(?:are|have\s+been)|this\s+(?:has\s+been|is))\s+(?:now\s+|fully\s+|already\s+|pre-?)?(?:authori[sz]ed|cleared|permitted|allowed|approved)\s+(?:to|by)\b"
        r"|\bthe\s+(?:password|access\s+code|secret|passphrase)\s+(?:is|was|has)\s+(?:now\s+|been\s+)(?:changed|updated|reset|verified|accepted|entered|correct)\b",
    ),
    # hiding it
    _rule(
        "encoded", 0.5,
        r"\b(?:decode|decrypt|decipher|convert|translate|unscramble|deobfuscate|reverse)\b[^.!?\n]{0,60}\b(?:base\s?64|rot\s?13|hex(?:adecimal)?|binary|ascii|morse|cipher|caesar|unicode|backwards)\b[^.!?]{0,60}\b(?:follow|execute|obey|do\s+(?:it|what)|without|output|reply|only|just)\b",
    ),
)  # fmt: skip

ABOUT = re.compile(
    r"\b(?:prompt[- ]injections?|jail\s?breaks?|jail\s?breaking|attack(?:s|ers?)?|phish\w*|phrases?|such\s+as|for\s+example|e\.g\.|example|called|named|"
    r"means?|meaning|term|defin\w+|explain|lecture|lesson|course|chapter|essay\s+about|security|learn(?:ed|ing|t)?\s+about|read\s+about|article|novel|story|"
    r"character|why\s+(?:do|does|did|is|are|can|would)|how\s+(?:do|does|can|could|would|should)|what\s+(?:does|happens|is|are|if|do)|"
    r"is\s+it|can\s+(?:a|an|i|you|we|someone)|defen[cds]\w*|detect\w*|prevent\w*|protect\w*)\b",
    _I,
)
"""Words with which one speaks about such phrases rather than uttering them."""

ASKING = re.compile(
    r"\b(?:prompt[- ]injections?|jail\s?br\w+|attack\w*|phish\w*|why|how|is\s+it|can\s+(?:an?|one|someone|models?)|developers?|"
    r"mean|explain|prevent\w*|protect\w*)\b",
    _I,
)
"""Words with which one asks about them."""
